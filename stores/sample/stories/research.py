"""Stories of the researcher: reading, comparing, delegating, and running out of context."""

from stores.sample.acts import delegate, plan, remind
from stores.sample.compression import compress
from stores.sample.outcomes import Call, failed, ok, shell, threw, thrown, unknown
from stores.sample.run import Run
from stores.sample.templates import TEMPLATES

__all__ = ["compare", "delegated", "hebrew", "long_review", "nothing_found"]

_TOPICS = (
    (
        "write-ahead logging against rollback journals",
        ("SQLite WAL design notes", "Recovery in embedded databases", "Journal modes measured"),
    ),
    (
        "keyset pagination against OFFSET",
        ("Paging without counting", "Cursor stability under writes", "The cost of OFFSET"),
    ),
    (
        "four-day weeks in support teams",
        ("A year with four days", "Queue lengths and rosters", "Burnout in tier-1 support"),
    ),
    (
        "heat pumps in old apartment houses",
        ("Retrofit study of 61 buildings", "Noise limits and placement", "Seasonal performance"),
    ),
    (
        "reading aids for dyslexic children",
        ("Fonts do not help, spacing does", "Text to speech in class", "21 trials compared"),
    ),
)


def compare(run: Run) -> list[Run]:
    """Compare what sources say; one is down, one is gone, one is a PDF."""
    topic, titles = run.rng.choice(_TOPICS)
    run.ask(f"What is known about {topic}? Two paragraphs and sources I can cite.")
    run.say("I'll search first, then read three sources in full.", _search(run, topic, titles))
    down = failed("HTTP 503 from upstream", status=503, retry_after="120")
    gone = thrown("HTTP 404 for https://example.org/2019/old-paper")
    run.say(
        "",
        _fetch(run, titles[0]),
        Call("http_fetch", {"url": "https://example.org/mirror"}, down, run.seconds(1, 6)),
        Call("http_fetch", {"url": "https://example.org/2019/old-paper"}, gone, 340),
    )
    if run.rng.random() < 0.5:
        pdf = {"path": "paper.pdf", "pages": "1-4"}
        run.say("The third is a PDF.", Call("pdf_read", pdf, unknown("pdf_read")))
    run.say("", _fetch(run, titles[1]), _fetch(run, titles[2]))
    notes = {"path": "notes.md", "content": f"# {topic}\n\n" + "\n".join(f"- {t}" for t in titles)}
    saved = ok({"ok": True, "path": "notes.md", "bytes": len(notes["content"]), "lines": 5})
    run.say("", Call("fs_write", notes, saved, 8))
    run.say(
        f"**{topic[0].upper()}{topic[1:]}.** The sources agree on the direction and differ on the "
        f"size of the effect [1, 2]. *{titles[0]}* measures under load and finds most of the gain "
        "in the slowest tenth of cases.\n\nAgainst it speaks cost: [3] finds that half of the "
        "gain is lost when the change is made in one go.\n\n"
        + "".join(f"{n}. {title}\n" for n, title in enumerate(titles, start=1))
        + "\n> One mirror was down (503) and one paper is gone (404); I did not cite those."
    )
    if run.rng.random() < 0.4:
        run.ask("Shorter please, for a slide.", after=(60, 600))
        run.say("- Effect: real, mostly in the tail\n- Cost: do it in steps\n- Evidence: medium")
    return []


def delegated(run: Run) -> list[Run]:
    """Give the numbers to a data analyst and go on with its report."""
    topic, titles = run.rng.choice(_TOPICS)
    run.ask(f"A one-page memo on {topic}, with our own numbers in it.")

    def analyse(helper: Run) -> None:
        sql = "SELECT bucket, count(*), avg(minutes) FROM measurements GROUP BY bucket"
        table = {"columns": ["bucket", "count", "avg"], "rows": [["a", 812, 4.5], ["b", 790, 3.9]]}
        if helper.rng.random() < 0.4:
            broken = threw("canceling statement due to statement timeout")
            helper.say(
                "", Call("db_query", {"sql": "SELECT * FROM raw_measurements"}, broken, 9000)
            )
        helper.say("", Call("db_query", {"sql": sql}, ok(table), helper.seconds(0.6, 3)))
        helper.say("1,602 cases: group *b* took **3.9 min** on average, group *a* 4.5 min (−13 %).")

    task = ("Get our numbers", f"Query our measurements on {topic}. Means per group, in minutes.")
    helper, call = delegate(run, TEMPLATES["data-analyst"], task, analyse)
    nobody = "Agent template 'statistician' not found.\n\nAvailable templates:\n  - data-analyst"
    wrong = {"description": "Test", "prompt": "t-test", "agentTemplateId": "statistician"}
    run.say(
        "A data analyst gets our numbers.",
        call,
        Call("task_run", wrong, thrown(nobody), run.rng.randrange(2, 9)),
    )
    run.say("", _search(run, topic, titles))
    run.say(
        f"# Memo: {topic}\n\nOur own 1,602 cases point the same way as the literature: **−13 %** "
        f"({helper.agent_id[-8:]} ran the query).\n\n## Recommendation\n\nTry it with one team "
        "for six weeks, then look at the tail and not at the mean."
    )
    return [helper]


def long_review(run: Run) -> list[Run]:
    """Read so much that the context is compressed, twice."""
    topic, titles = run.rng.choice(_TOPICS)
    run.ask(f"Systematic review of {topic}. Take the whole day if you need it.")
    items = [("Search", "in_progress"), ("Read 24 sources", "pending"), ("Write", "pending")]
    run.say("I'll keep notes per source.", plan(run, *items), _search(run, topic, titles))
    files = {"notes.md": f"# Notes\n\n- {topic}\n", "sources.bib": "@article{a1,\n year=2024\n}\n"}
    for number in range(1, 25):
        if number in (9, 18):
            run.before_model = lambda: compress(run, files)
        title = f"{titles[number % 3]} ({2000 + number})"
        run.say("" if number % 4 else f"Source {number} of 24.", _fetch(run, title, size=1400))
        if number % 8 == 0:
            run.say(f"{number} sources read; the picture is stable so far.")
            run.ask("Fine, go on." if number < 24 else "And now the conclusion.", after=(60, 4000))
    if run.rng.random() < 0.9:
        remind(run)
    note = {"path": "notes.md", "content": f"# {topic}\n\n24 sources."}
    changed = failed(
        "File appears to have changed externally. Please read it again before writing.",
        is_file=True,
    )
    run.say("", Call("fs_write", note, changed, 6), plan(run, ("Search", "completed")))
    run.say(
        f"## Review of {topic}\n\n24 sources, 19 of them usable.\n\n1. The effect is real in 15 of "
        "19\n2. It is small in the mean and large in the tail\n3. Three sources contradict this; "
        "all three measure in the first week only\n\nNotes: `notes.md`, sources: `sources.bib`."
    )
    return []


def hebrew(run: Run) -> list[Run]:
    """Ask and answer from right to left, with left-to-right words in between."""
    run.ask("מה ההבדל בין WAL ל־rollback journal ב־SQLite? תשובה קצרה בבקשה.")
    run.say("אני מחפש מקורות עדכניים.", _search(run, "SQLite WAL", ("יומן כתיבה מקדימה",)))
    run.say(
        "**בקצרה:** במצב WAL קוראים אינם חוסמים כותב, וכותב אינו חוסם קוראים.\n\n"
        "- `journal_mode=DELETE`: קובץ אחד, כותב נועל את כולם\n- `journal_mode=WAL`: שלושה "
        "קבצים (`-wal`, `-shm`), קריאה במקביל\n\nמקור: sqlite.org/wal.html"
    )
    run.ask("وهل يعمل ذلك على قرص شبكي (NFS)؟", after=(40, 200))
    run.say("لا. يحتاج وضع WAL إلى ذاكرة مشتركة، وهي لا تعمل عبر NFS. استعمل `DELETE` هناك.")
    return []


def nothing_found(run: Run) -> list[Run]:
    """Search in vain; the honest answer is that there is nothing."""
    run.ask("Find the original source of “data is the new oil”, page number included.")
    empty = ok({"ok": True, "query": "data is the new oil 2006", "results": []})
    run.say("", Call("web_search", {"query": "data is the new oil 2006"}, empty, 1900))
    run.say("", Call("bash", {"cmd": "grep -ri oil archive/"}, unknown("bash")))
    run.say("", Call("web_search", {"query": "origin of the phrase"}, shell("", 1), 1500))
    run.say(
        "I found **no primary source with a page number**. The phrase is credited to a talk of "
        "2006, but I only see later reports of it. I would not cite a page."
    )
    return []


def _search(run: Run, topic: str, titles: tuple[str, ...]) -> Call:
    results = [
        {"title": title, "url": f"https://example.org/{n}", "snippet": f"On {topic} … {title}."}
        for n, title in enumerate(titles, start=1)
    ]
    found = {"ok": True, "query": topic, "results": results, "took_ms": run.rng.randrange(90, 900)}
    return Call("web_search", {"query": topic, "limit": 10}, ok(found), run.seconds(0.6, 2.4))


def _fetch(run: Run, title: str, size: int = 260) -> Call:
    slug = title.lower().replace(" ", "-").replace(",", "")
    sentence = (
        f"{title}: we followed {run.rng.randrange(40, 4000)} cases over "
        f"{run.rng.randrange(3, 60)} weeks and compare the groups with and without the change. "
    )
    page = {
        "status": 200,
        "contentType": "text/html",
        "title": title,
        "text": (sentence * (size // len(sentence) + 1))[:size],
    }
    return Call("http_fetch", {"url": f"https://example.org/{slug}"}, ok(page), run.seconds(0.3, 4))
