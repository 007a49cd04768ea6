"""Stories of the planner: offsites, sprints, releases, and a plan tried twice."""

from stores.sample.acts import delegate, plan, snapshot
from stores.sample.outcomes import Ask, Call, failed, invalid, ok
from stores.sample.run import Run
from stores.sample.templates import TEMPLATES

__all__ = ["never_started", "offsite", "release", "sprint"]

_TEAMS = ("Payments", "Search", "Mobile", "Data Platform", "Customer Care")
_PLACES = ("Lisbon", "Leipzig", "Kraków", "Kyoto", "Valparaíso")


def offsite(run: Run) -> list[Run]:
    """Find a date, book rooms after approval, list what is to be done."""
    team, place = run.rng.choice(_TEAMS), run.rng.choice(_PLACES)
    heads = run.rng.randrange(6, 24)
    run.ask(f"Plan a two-day offsite for {team} ({heads} people) in {place}, next month.")
    calendars = {"people": heads, "free": ["Tue 12 – Wed 13", "Thu 21 – Fri 22"], "conflicts": 3}
    run.say(
        "Calendars first.",
        plan(run, ("Find a date", "in_progress"), ("Book rooms", "pending"), ("Agenda", "pending")),
        Call("calendar_read", {"team": team, "range": "next month"}, ok(calendars), 880),
    )
    booking = {"title": f"{team} offsite, {place}", "start": "12th 09:00", "end": "13th 17:00"}
    decision, note = run.rng.choice(
        (
            ("allow", "Tuesday works, go ahead"),
            ("allow", None),
            ("deny", "Budget is not signed yet"),
        )
    )
    booked = ok({"ok": True, "data": {"event": "evt-3381", "invited": heads}})
    if run.rng.random() < 0.25:
        booked = failed("room “Atlas” is taken from 13:00", room="Atlas", next_free="Boreas")
    ask = Ask(run.seconds(50, 5200), decision, note)
    run.say(
        "Only the 12th and 13th suit everyone. May I send the invitations?",
        Call("calendar_book", booking, booked, run.seconds(0.5, 2), ask),
    )
    state = "completed" if decision == "allow" else "pending"
    run.say("", plan(run, ("Find a date", "completed"), ("Book rooms", state)))
    run.say(
        f"## {team} in {place}\n\n**Tue 12 – Wed 13**, {heads} people\n\n| | Tuesday | Wednesday |"
        "\n|---|---|---|\n| Morning | What hurt this year | Roadmap: three bets |\n| Afternoon | "
        "Walk the on-call week | Decide, write down |\n| Evening | Dinner | Trains home |\n\n"
        "- [x] Date found\n- [ ] Diets asked\n- [ ] Trains booked\n"
    )
    return []


def sprint(run: Run) -> list[Run]:
    """Turn a wish list into tickets, several at once; one does not fit the schema."""
    team = run.rng.choice(_TEAMS)
    run.ask(f"Turn wishlist.md into tickets for the next {team} sprint. Ten points in all.")
    wishes = "- CSV export of invoices\n- Dark mode\n- Faster search\n- Delete my account\n"
    text = {"path": "wishlist.md", "totalLines": 4, "truncated": False, "content": wishes}
    run.say("", Call("fs_read", {"path": "wishlist.md"}, ok(text), 5))
    number = run.rng.randrange(800, 4000)
    tickets = [
        Call(
            "create_ticket",
            {"title": title, "points": points, "team": team},
            ok({"ok": True, "data": {"key": f"{team[:3].upper()}-{number + n}"}}),
            run.seconds(0.3, 1.1),
        )
        for n, (title, points) in enumerate((("CSV export of invoices", 3), ("Dark mode", 5)))
    ]
    wrong = {"title": "Faster search", "points": "two", "team": team}
    bad = "data/points must be number\ndata must have required property 'priority'"
    run.say("", *tickets, Call("create_ticket", wrong, invalid(bad)))
    right = {**wrong, "points": 2, "priority": "high"}
    done = ok({"ok": True, "data": {"key": f"{team[:3].upper()}-{number + 9}"}})
    run.say("", Call("create_ticket", right, done, run.seconds(0.3, 1.1)))
    run.say(
        "Three tickets, **10 points**: CSV export (3), dark mode (5), faster search (2).\n\n"
        "*Delete my account* is left out: legal has to say first how long invoices stay."
    )
    return []


def release(run: Run) -> list[Run]:
    """Plan a release with a helper's research; the plan is later branched in two."""
    run.ask("Plan the 4.0 release: freeze, rollout by country, who decides to stop.")

    def look_up(helper: Run) -> None:
        results = {
            "ok": True,
            "results": [{"title": "Public holidays", "url": "https://example.org"}],
        }
        helper.say("", Call("web_search", {"query": "public holidays"}, ok(results), 1300))
        helper.say("Holidays to avoid: 1 Nov (ES, FR, PL), 11 Nov (PL), 6 Dec (ES, FI).")

    task = ("Holidays", "Public holidays in ES, FR, PL, FI from October to December.")
    helper, call = delegate(run, TEMPLATES["researcher"], task, look_up)
    run.say("A researcher looks up the holidays.", call)
    snapshot(run, "holidays known")
    run.say(
        "",
        plan(
            run,
            ("Code freeze Mon 20 Oct", "in_progress"),
            ("Rollout FI 5 % → 100 %", "pending"),
            ("Rollout ES, FR, PL", "pending"),
            ("Look back", "pending"),
        ),
    )
    run.say(
        "```mermaid\ngantt\n  Freeze :a, 2026-10-20, 3d\n  FI :b, after a, 4d\n"
        "  ES FR PL :c, after b, 7d\n```\n\n- **Stop rule:** error rate over 1 % for "
        "10 minutes\n- **Who stops:** the on-call engineer, without asking\n"
        "- **Not before** 3 Nov in ES, FR and PL (holidays)"
    )
    return [helper]


def never_started(run: Run) -> list[Run]:
    """Be created and never spoken to."""
    return []
