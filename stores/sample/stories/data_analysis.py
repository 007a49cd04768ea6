"""Stories of the data analyst: questions to the warehouse, charts, slow jobs, pictures."""

from collections.abc import Sequence

from stores.kode.records import JsonObject, MediaCacheRecord
from stores.sample.blocks import text_block
from stores.sample.ids import png_base64
from stores.sample.outcomes import (
    Call,
    Outcome,
    aborted,
    hook_denied,
    hook_result,
    invalid,
    ok,
    threw,
    unknown,
)
from stores.sample.run import Run

__all__ = ["churn", "picture", "revenue", "sales_in_chinese", "slow_job", "table_export"]

_REGIONS = ("DACH", "Nordics", "Iberia", "UK & Ireland", "Benelux")


def revenue(run: Run) -> list[Run]:
    """Answer where revenue moved, with a query and a chart."""
    quarter = run.rng.choice(("Q1", "Q2", "Q3"))
    region = run.rng.choice(_REGIONS)
    run.ask(f"Why is {quarter} revenue in {region} so different from plan? One chart please.")
    sql = (
        "SELECT month, sum(net_cents) / 100.0 AS net, sum(plan_cents) / 100.0 AS plan\n"
        f"FROM sales_monthly\nWHERE region = '{region}' AND quarter = '{quarter}'\n"
        "GROUP BY month ORDER BY month"
    )
    rows = _months(run)
    run.say(
        "I'll compare actual and plan month by month.",
        _query(run, sql, ok(_table(("month", "net", "plan"), rows))),
        think="Compare against plan, not last year. Check refunds before blaming demand.",
    )
    refunds = [["hardware", 182, 41210.5], ["subscriptions", 12, 980.0], ["services", 3, 2400]]
    sql = f"SELECT category, count(*), sum(cents) / 100.0 FROM refunds WHERE region = '{region}'"  # noqa: S608 - told, not run
    title = f"{quarter} {region}: net against plan"
    run.say(
        "",
        _query(run, sql, ok(_table(("category", "count", "amount"), refunds))),
        _chart(run, title),
        think="Refunds of hardware stand out. Draw it.",
    )
    gap = rows[1][1] - rows[1][2]
    run.say(
        f"**{region} missed plan by {abs(gap):,.2f} EUR in the second month**, and nearly all of "
        "it is refunds, not demand.\n\n| Month | Net | Plan | Gap |\n|---|---:|---:|---:|\n"
        + "".join(f"| {m} | {n:,.2f} | {p:,.2f} | {n - p:+,.2f} |\n" for m, n, p in rows)
        + "\n182 hardware refunds fall into one week: the recall of the *Fjord 2* docks. Without "
        "them the quarter is 1.4 % **over** plan.",
        think="State the cause first, then the table.",
    )
    if run.rng.random() < 0.6:
        run.ask("Does that hold if you leave out the two key accounts?", after=(120, 1500))
        again = _query(run, f"{sql} AND account_tier <> 'key'", ok(_table(("n",), [[179]])))
        run.say("", again)
        run.say("Yes: 179 of the 182 refunds are from small accounts.")
    return []


def churn(run: Run) -> list[Run]:
    """Query under a hook that guards personal data; several ways to fail, then recover."""
    run.ask("Which customers are about to churn? I need a list for the success team.")
    missing = threw('relation "customer_health" does not exist')
    run.say(
        "There should be a health table.",
        _query(run, "SELECT * FROM customer_health WHERE score < 30", missing),
        think="Start from the health score if it exists.",
    )
    reason = "Blocked by data-protection hook: column customers.email"
    run.say(
        "It is gone. I'll build the score from logins.",
        Call("db_query", {"limit": 50}, invalid("data must have required property 'sql'")),
        _query(
            run,
            "SELECT name, email, last_login_at FROM customers WHERE plan = 'team'",
            hook_denied(reason, "Personal data may not be read. Ask for ids instead."),
        ),
        Call("kv_get", {"key": "churn:model"}, hook_result({"cached": True, "version": 14})),
    )
    accounts = [
        [f"acc-{run.rng.randrange(1000, 9999)}", run.rng.randrange(21, 90), round(score, 2)]
        for score in (0.94, 0.91, 0.88, 0.83, 0.79)
    ]
    sql = "SELECT account_id, days_since_login, risk FROM churn_features ORDER BY risk DESC LIMIT 5"
    result = ok(_table(("account_id", "days_since_login", "risk"), accounts))
    run.say("Ids only, then.", _query(run, sql, result))
    lines = "".join(f"| {key} | {days} | {risk:.2f} |\n" for key, days, risk in accounts)
    run.say(
        "Five accounts with the highest risk. The success team can look up names themselves; I "
        "may not read e-mail addresses.\n\n| Account | Days since login | Risk |\n|---|---:|---:|\n"
        f"{lines}\nThe strongest signal is `days_since_login`; price plays no part."
    )
    return []


def slow_job(run: Run) -> list[Run]:
    """Run into the 60 s time-out once, then make the job smaller."""
    dataset = run.rng.choice(("events_2026", "web_clicks", "sensor_raw"))
    run.ask(f"Rebuild the daily aggregates of {dataset}, last 90 days.")
    job = {"job": "rebuild_daily", "dataset": dataset, "days": 90}
    run.say("Starting the job.", Call("run_job", job, aborted(), 60_000 + run.rng.randrange(9, 80)))
    run.say(
        "90 days do not fit into the 60 s that I may run. I'll go in steps of 30.",
        think="Time-out at 60 s, not an error of the job.",
    )
    run.ask("ok go on", after=(3, 60))
    for step in range(3):
        part = {**job, "days": 30, "offset": step * 30}
        done = ok({"ok": True, "data": {"rows": run.rng.randrange(900_000, 1_400_000)}})
        run.say("", Call("run_job", part, done, run.seconds(31, 55)))
    wrong = {"dataset": dataset, "check": "row_count"}
    run.say("", Call("verify_dataset", wrong, unknown("verify_dataset")))
    sql = f"SELECT count(*) FROM {dataset}_daily"  # noqa: S608 - told, not run
    count = _query(run, sql, ok(_table(("count",), [[90]])))
    run.say("There is no such tool; a plain count will do.", count)
    run.say(f"`{dataset}_daily` is rebuilt: **90 of 90 days**, in three steps of 30.")
    return []


def picture(run: Run) -> list[Run]:
    """Read a screenshot and a CSV that the user attached."""
    shot = png_base64(48, 28, lambda x, y: (40, 90, 160) if y > 27 - x // 2 else (245, 245, 240))
    csv = "d2VlayxvcmRlcnMKMzAsNDEyCjMxLDM5OQozMiwxODcKMzMsNDA1Cg=="
    run.ask(
        [
            text_block("This chart is on the wall screen. Is the dip in week 32 real?"),
            {"type": "image", "base64": shot, "mime_type": "image/png"},
            {
                "type": "file",
                "base64": csv,
                "mime_type": "text/csv",
                "filename": "orders «KW32».csv",
            },
        ]
    )
    _remember_upload(run)
    rows = [[30, 412], [31, 399], [32, 391], [33, 405]]
    sql = "SELECT week, count(*) FROM orders WHERE year = 2026 GROUP BY week HAVING week >= 30"
    run.say(
        "The file says 187 orders in week 32; I'll ask the warehouse.",
        _query(run, sql, ok(_table(("week", "count"), rows))),
        think="The picture and the CSV agree, so the fault is upstream of both, or real.",
    )
    redrawn = png_base64(48, 28, lambda x, y: (46, 140, 90) if y > 14 else (250, 250, 250))
    run.say("", _chart(run, "Orders per week, from the warehouse"))
    run.say(
        "**Not real.** The warehouse has 391 orders for week 32. The export behind the wall "
        "screen ran at noon on Wednesday, so it saw half a week.\n\nFix: schedule it for Monday "
        "06:00 and add `WHERE week < current_week`.",
        media=({"type": "image", "base64": redrawn, "mime_type": "image/png"},),
    )
    return []


def sales_in_chinese(run: Run) -> list[Run]:
    """The same kind of question, asked and answered in Chinese."""
    run.ask("帮我分析一下上个季度华东区的销售数据，按月汇总，并说明异常。")
    rows = [["2026-07", 1_284_300.5], ["2026-08", 1_190_022], ["2026-09", 861_740.25]]
    sql = "SELECT 月份, sum(金额) FROM 销售 WHERE 区域 = '华东' GROUP BY 月份"
    run.say(
        "先查询每个月的汇总。",
        _query(run, sql, ok(_table(("月份", "金额"), rows))),
        think="用户要按月汇总。九月明显偏低，需要查退货。",
    )
    run.say(
        "### 结论\n\n九月销售额比八月下降 **27.6 %**，主要原因是两家大客户推迟了订单。\n\n"
        "| 月份 | 金额（元） |\n|---|---:|\n"
        + "".join(f"| {month} | {amount:,.2f} |\n" for month, amount in rows)
        + "\n- 退货率没有变化（1.9 %）\n- 建议：十月初联系这两家客户，确认交货时间 📈",
        think="给出结论、表格和建议。",
    )
    run.ask("谢谢！可以发给团队。", after=(30, 300))
    run.say("好的，已经整理完毕。")
    return []


def table_export(run: Run) -> list[Run]:
    """Return a result of some 200 KB, as an unlimited query does."""
    run.ask("Dump all open invoices over 1,000 EUR, I want to look through them myself.")
    rows = [
        [f"INV-{n:06d}", f"Müller & Söhne #{n % 97}", round(1000 + n * 3.37, 2), "open"]
        for n in range(4100)
    ]
    sql = "SELECT number, customer, amount, state FROM invoices WHERE state = 'open'"
    columns = ("number", "customer", "amount", "state")
    run.say("", _query(run, sql, ok(_table(columns, rows))))
    path = "open_invoices.csv"
    written = ok({"ok": True, "path": path, "bytes": 196_204, "lines": 4101})
    run.say("", Call("fs_write", {"path": path, "content": "number,customer,…"}, written, 61))
    run.say(f"4,100 open invoices are in `{path}` (196 KB). The ten largest make up 8 %.")
    return []


def _remember_upload(run: Run) -> None:
    """Keep that the CSV went to the provider, as the SDK does for files."""
    run.left.media.append(
        MediaCacheRecord(
            key="9f2c" + "0b71" * 15,
            provider="openai",
            mime_type="text/csv",
            size_bytes=41,
            file_uri="https://files.example.com/v1/f-kw32",
            created_at=run.clock_ms,
        )
    )


def _months(run: Run) -> list[list[float]]:
    rows = []
    for month in (1, 2, 3):
        planned = run.rng.randrange(180_000, 240_000)
        factor = run.rng.uniform(0.78, 0.9) if month == 2 else run.rng.uniform(0.97, 1.06)
        rows.append([month, round(planned * factor, 2), planned])
    return rows


def _table(columns: tuple[str, ...], rows: Sequence[Sequence[object]]) -> JsonObject:
    return {"columns": list(columns), "rows": rows, "rowCount": len(rows)}


def _query(run: Run, sql: str, outcome: Outcome) -> Call:
    def announce() -> None:
        run.stream.emit_custom("db_query", "query_started", {"rows_estimate": 42, "sql": sql[:80]})

    return Call("db_query", {"sql": sql}, outcome, run.seconds(0.2, 4.5), effect=announce)


def _chart(run: Run, title: str) -> Call:
    drawn = png_base64(40, 20, lambda x, y: (30, 110, 180) if y > 20 - x % 9 else (255, 255, 255))
    result = {"title": title, "format": "png", "png_base64": drawn}
    return Call("chart_render", {"title": title, "kind": "bar"}, ok(result), run.seconds(0.4, 1.5))
