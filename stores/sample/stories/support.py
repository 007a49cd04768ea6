"""Stories of the support agent: refunds, complaints in many tongues, a whole shift."""

from stores.sample.outcomes import Ask, Call, Outcome, failed, hook_denied, ok
from stores.sample.run import Run

__all__ = ["complaint", "complaint_with_markup", "overloaded", "refund", "shift"]

_CUSTOMERS = (
    "Zoë Martens", "Łukasz Nowak", "李雷", "Siobhán O’Brien", "Ødegård AS", "علي حسن",
    "נועה לוי", "佐藤 花子",
)  # fmt: skip
_GOODS = ("Fjord 2 dock", "Aria headset", "Nimbus lamp", "Terra backpack", "Pico charger")
_LETTERS = (
    (
        "ja",
        "注文番号{order}の{item}が壊れて届きました。交換してください。😞",
        "このたびはご迷惑をおかけしました。明日、新しい商品をお送りします。",
    ),
    (
        "ar",
        "وصلني {item} مكسورًا (الطلب {order}). أريد استرجاع المبلغ.",
        "نعتذر عن ذلك. أعدنا المبلغ اليوم، وسيصل خلال ثلاثة أيام.",
    ),
    (
        "he",
        "הזמנה {order}: ה־{item} לא עובד. מה עושים?",
        "סליחה על כך. שלחנו מוצר חדש, והוא יגיע ביום שלישי.",
    ),
    (
        "zh",
        "订单 {order} 的 {item} 少了一个配件，请补发。",
        "非常抱歉，配件今天已经寄出，预计三天内送达。",
    ),
    (
        "en",
        "Order {order}: {item} <b>BROKEN</b> <img src=x onerror=alert(1)> "
        '<script>alert(\'hi\')</script> <a hx-get="/x" hx-trigger="load">click</a>',
        "I'm sorry that it arrived broken. A new one is on its way.",
    ),
    (
        "de",
        "Bestellung {order}: {item} kam ohne Netzteil. Größe XL passt auch nicht …",
        "Das tut mir leid. Das Netzteil ist unterwegs, den Umtausch habe ich angelegt.",
    ),
)


def refund(run: Run) -> list[Run]:
    """Decide on a refund; the money moves only after approval."""
    order, ticket = run.rng.randrange(70_000, 99_999), run.rng.randrange(11_000, 19_999)
    customer, item = run.rng.choice(_CUSTOMERS), run.rng.choice(_GOODS)
    cents = run.rng.randrange(1_900, 24_900)
    run.ask(f"Ticket {ticket}, “{item} stopped working”: please handle.")
    text = f"Hello, the {item} from order {order} stopped working after two days. Money back?"
    run.say("", _ticket(run, ticket, customer, text))
    run.say(
        "",
        Call("order_lookup", {"order": order}, ok(_order(order, item, cents)), 240),
        Call("kb_search", {"query": "refund within 14 days"}, ok(_article()), 180),
    )
    amount = {"order": order, "cents": cents, "reason": "defective within 14 days"}
    paid = ok({"ok": True, "data": {"refund": f"rf-{ticket}", "arrives_in_days": 3}})
    if run.rng.random() < 0.2:
        paid = failed("card expired, use bank transfer", code="card_expired")
    decision, note = run.rng.choice(
        (
            ("allow", "within policy"),
            ("allow", None),
            ("deny", f"Already refunded on Monday, see rf-{ticket - 7}."),
        )
    )
    ask = Ask(run.seconds(25, 3100), decision, note)
    run.say(
        f"Bought 5 days ago, so the 14-day rule applies: {cents / 100:.2f} EUR.",
        Call("issue_refund", amount, paid, run.seconds(0.8, 3), ask),
    )
    name = customer.split()[0]
    if decision == "deny":
        run.say(f"Not paid out: {note} I'd write to {name} that the money is on its way already.")
        return []
    body = f"Dear {name},\n\nwe have refunded {cents / 100:.2f} EUR.\n\nKind regards"
    run.say("", _reply(run, ticket, body, Ask(run.seconds(4, 300), "allow", None)))
    run.say(f"Ticket {ticket} is answered; {cents / 100:.2f} EUR for {customer}.")
    return []


def complaint(run: Run) -> list[Run]:
    """Answer a complaint in the customer's language."""
    return _complain(run, run.rng.choice(_LETTERS))


def complaint_with_markup(run: Run) -> list[Run]:
    """Answer a customer whose text would be a script, were it not text."""
    return _complain(run, next(letter for letter in _LETTERS if "<script>" in letter[1]))


def _complain(run: Run, case: tuple[str, str, str]) -> list[Run]:
    language, letter, answer = case
    order, ticket = run.rng.randrange(70_000, 99_999), run.rng.randrange(11_000, 19_999)
    item = run.rng.choice(_GOODS)
    run.ask(f"Ticket {ticket} is in {language}. Answer in the same language.")
    text = letter.format(order=order, item=item)
    run.say("", _ticket(run, ticket, run.rng.choice(_CUSTOMERS), text))
    looked_up = _order(order, item, 8_900)
    run.say("", Call("order_lookup", {"order": order}, ok(looked_up), run.seconds(0.1, 0.5)))
    if run.rng.random() < 0.4:
        told = "The text holds an order number of another customer."
        run.say(
            "",
            _reply(
                run,
                ticket,
                f"{answer} #{order + 1}",
                None,
                hook_denied("Blocked by privacy hook: foreign order number", told),
            ),
        )
    run.say(
        "",
        _reply(run, ticket, answer, Ask(run.seconds(10, 900), "allow", "native speaker checked")),
    )
    run.say(f"Sent:\n\n> {answer}\n\nThe customer wrote:\n\n> {text}")
    return []


def overloaded(run: Run) -> list[Run]:
    """Let the model provider fail twice before it answers."""
    ticket = run.rng.randrange(11_000, 19_999)
    run.ask(f"Ticket {ticket}: where is my parcel?")
    run.fail_model(
        '529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    )
    run.ask("Try again please.", after=(15, 60))
    run.fail_model("Request timed out after 60000ms")
    run.ask("And now?", after=(60, 400))
    lost = ok({"found": False, "error": "carrier API: no such shipment", "carrier": "Posta"})
    run.say("", Call("order_lookup", {"ticket": ticket}, lost, run.seconds(0.4, 2)))
    run.say("The carrier does not know the parcel yet. It was packed yesterday at 18:40.")
    return []


def shift(run: Run) -> list[Run]:
    """Work through a whole queue: some 300 messages in one session."""
    run.ask("Good morning! Take the EU queue for today, oldest first. Tell me when you are unsure.")
    ticket = run.rng.randrange(11_000, 15_000)
    for number in range(50):
        ticket += run.rng.randrange(1, 9)
        order, item = run.rng.randrange(70_000, 99_999), run.rng.choice(_GOODS)
        customer = run.rng.choice(_CUSTOMERS)
        _, letter, answer = run.rng.choice(_LETTERS)
        text = letter.format(order=order, item=item)
        run.say(f"Ticket {ticket}.", _ticket(run, ticket, customer, text))
        found: Outcome = ok(_order(order, item, 4_900 + number))
        if number % 11 == 5:
            found = failed(f"order {order} not found", order=order)
        run.say("", Call("order_lookup", {"order": order}, found, run.seconds(0.1, 0.6)))
        if number % 11 == 5:
            run.say(f"Order {order} does not exist. I ask the customer for the right number.")
        else:
            run.say(f"Answered: “{answer}”")
        if number % 10 == 9:
            run.pause(1500, 3600)
        run.ask(run.rng.choice(("Next.", "ok, next", "good. next one", "Fine.")), after=(4, 70))
    run.say("The queue is empty: **50 tickets**, 5 of them wait for an order number.")
    return []


def _ticket(run: Run, number: int, customer: str, text: str) -> Call:
    ticket = {"id": number, "customer": customer, "channel": "mail", "text": text, "tags": []}
    return Call("ticket_get", {"id": number}, ok(ticket), run.seconds(0.08, 0.5))


def _order(number: int, item: str, cents: int) -> dict[str, object]:
    return {
        "order": number,
        "items": [{"name": item, "cents": cents, "quantity": 1}],
        "delivered": True,
        "days_ago": 5,
    }


def _article() -> dict[str, object]:
    return {
        "hits": [{"id": "kb-112", "title": "Refunds", "score": 0.92, "rule": "14 days, any reason"}]
    }


def _reply(
    run: Run, ticket: int, body: str, ask: Ask | None, outcome: Outcome | None = None
) -> Call:
    sent = ok({"ok": True, "data": {"message": f"m-{ticket}"}})
    text = {"ticket": ticket, "body": body}
    return Call("send_reply", text, outcome or sent, run.seconds(0.2, 0.9), ask)
