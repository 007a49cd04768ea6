"""Stories of the code reviewer: pull requests, failing builds, upgrades."""

from stores.sample.acts import fork, plan, remind, snapshot
from stores.sample.outcomes import Ask, Call, Outcome, aborted, failed, invalid, ok, shell, thrown
from stores.sample.run import Run
from stores.sample.stories.changes import CHANGES, Change

__all__ = ["failing_build", "review", "review_with_forks", "upgrade"]

_GREEN, _RED, _DIM, _OFF = "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[0m"
_PACKAGES = (
    ("next", "14.1.0", "14.2.32"),
    ("axios", "1.6.2", "1.12.2"),
    ("cryptography", "41.0.7", "45.0.6"),
    ("jackson-databind", "2.13.1", "2.17.2"),
)


def review(run: Run) -> list[Run]:
    """Review a pull request, prove the problem with a test, propose the fix."""
    change = run.rng.choice(CHANGES)
    _read_change(run, change)
    _prove_problem(run, change)
    _fix(run, change)
    _comment(run, change)
    if run.rng.random() < 0.5:
        run.ask("Thanks. Would you block the release on this?", after=(60, 900))
        run.say(
            f"Yes. {change.finding[0].upper()}{change.finding[1:]}. The fix is one line and has "
            "a test, so waiting costs an hour; shipping it costs a post-mortem."
        )
    return []


def review_with_forks(run: Run) -> list[Run]:
    """Review, then try another fix on a fork, and a third on a fork of that."""
    change = run.rng.choice(CHANGES[2:])
    _read_change(run, change)
    _prove_problem(run, change)
    run.say(
        f"There are two ways out.\n\n1. Keep the design and change one line:\n\n"
        f"```{change.language}\n{change.good}\n```\n\n2. Move this behind an interface and "
        "replace it.\n\nI would start with the first."
    )
    run.pause(200, 900)
    snapshot(run, "before the fix")
    other = fork(run)
    run.ask("Do the first one.", after=(5, 30))
    _fix(run, change)
    run.say(f"Done: `{change.path}` is changed, `{change.suite}` is green.")
    other.ask("Try the second way here, as a sketch only.", after=(30, 90))
    _sketch(other, change)
    third = fork(other)
    third.ask("And what if we only guard it with a feature flag?", after=(40, 200))
    third.say(
        "Then the fault stays in the code and only some people meet it. I would use a flag to "
        "**roll out** the fix, not instead of it."
    )
    return [other, third]


def failing_build(run: Run) -> list[Run]:
    """Find the first error in a very long build log."""
    change = run.rng.choice(CHANGES)
    job = run.rng.randrange(20_000, 90_000)
    run.ask(f"CI job {job} of {change.repo} is red since this morning. What broke it?")
    log = _build_log(run, change)
    run.say(
        "I'll fetch the whole log first.",
        Call("bash_run", {"cmd": f"ci logs {job} --full"}, shell(log, 1), run.seconds(4, 11)),
    )
    pattern = {"pattern": "ERROR|FAILED", "path": "build.log", "context": 3}
    hit = {"file": "build.log", "line": 3120, "text": f"FAILED {change.test}"}
    found = ok({"ok": True, "pattern": pattern["pattern"], "matches": [hit], "truncated": False})
    run.say("", Call("fs_grep", pattern, found, run.seconds(0.02, 0.2)))
    if run.rng.random() < 0.5:
        command = {"cmd": f"git bisect run {change.suite}"}
        run.say("Let me bisect.", Call("bash_run", command, aborted(), 60_000 + 37))
    blame = f"8be07d4 (Lena Ortiz 2 days ago) {change.title}\n"
    command = {"cmd": f"git log -3 --oneline -- {change.path}"}
    run.say("", Call("bash_run", command, shell(blame), run.seconds(0.1, 0.6)))
    run.say(
        f"## What broke\n\n`{change.test}` fails since **{change.title}** (#{change.number}).\n\n"
        f"- Cause: {change.finding}.\n- First red commit: `8be07d4`\n- Not flaky: it failed in "
        f"7 of 7 runs\n\n## What to do\n\nRevert #{change.number}, or apply:\n\n"
        f"```{change.language}\n{change.good}\n```"
    )
    return []


def upgrade(run: Run) -> list[Run]:
    """Upgrade a dependency; the audit ends with exit code 1, which is no failure of the tool."""
    package, old, new = run.rng.choice(_PACKAGES)
    run.ask(f"Upgrade {package} to the newest safe version and tell me what could break.")
    audit = (
        f"{_RED}high{_OFF}  {package} < {new}  Request smuggling through header parsing\n"
        f"{_RED}high{_OFF}  {package} < {new}  Unbounded decompression of responses\n"
        f"{_DIM}2 high severity vulnerabilities{_OFF}\n"
    )
    run.say(
        "First what the audit says now.",
        Call("bash_run", {"cmd": "audit --level high"}, shell(audit, 1), run.seconds(2, 6)),
    )
    manifest = {"path": "package.json"}
    missing = "ENOENT: no such file or directory, open 'package.json'"
    wrong = {"path": "package.json", "old_string": f'"{package}": "{old}"'}
    run.say(
        "",
        Call("fs_read", manifest, thrown(missing), run.rng.randrange(2, 30)),
        Call("fs_edit", wrong, invalid("data must have required property 'new_string'")),
    )
    path = "apps/web/package.json"
    edit = {**wrong, "path": path, "new_string": f'"{package}": "{new}"'}
    done = ok({"ok": True, "path": path, "replacements": 1, "lines": 88})
    run.say("It is a monorepo; the file is one level down.", Call("fs_edit", edit, done, 14))
    clean = f"{_GREEN}found 0 vulnerabilities{_OFF}\n"
    run.say(
        "",
        Call("bash_run", {"cmd": "install && audit --level high"}, shell(clean), 21_450),
        Call("run_tests", {"suite": "all"}, _tests(412, 0), run.seconds(30, 55)),
    )
    run.say(
        f"`{package}` is on **{new}** (was {old}); the audit is clean and all 412 tests pass.\n\n"
        "| Change | Do we use it? |\n|---|---|\n| Default time-out is now 30 s | yes, in "
        "`src/http.ts` |\n| Node 16 is no longer supported | no, we run 20 |\n| `parse()` throws "
        "on duplicates | no |\n"
    )
    return []


def _read_change(run: Run, change: Change) -> None:
    run.ask(f"Please review PR #{change.number} in {change.repo}: “{change.title}”.")
    items = ("Read the diff", "Check callers", "Run the tests", "Write the review")
    diff = Call(
        "bash_run",
        {"cmd": f"git fetch -q origin pull/{change.number}/head && git diff main...FETCH_HEAD"},
        shell(change.diff()),
        run.seconds(0.4, 2.5),
    )
    states = ("in_progress", "pending", "pending", "pending")
    run.say(
        f"I'll read the change first, then check it against `{change.suite}`.",
        plan(run, *zip(items, states, strict=True)),
        diff,
        think=f"A change to {change.path}. The title sounds harmless; look at error paths, "
        "concurrency and input handling before style.",
    )
    lines = change.source.count("\n")
    whole = {
        "path": change.path,
        "offset": 1,
        "limit": lines,
        "truncated": False,
        "totalLines": lines,
        "content": change.source,
    }
    grep = {"pattern": change.path.rsplit("/", 1)[-1].split(".")[0], "path": "."}
    hits = {"ok": True, **grep, "count": 3, "truncated": False, "matches": [change.path]}
    run.say(
        "",
        Call("fs_read", {"path": change.path}, ok(whole), run.rng.randrange(2, 40)),
        Call("fs_grep", grep, ok(hits), run.rng.randrange(20, 300)),
    )


def _prove_problem(run: Run, change: Change) -> None:
    output = (
        f"{_DIM}${_OFF} {change.suite}\n{_RED}FAILED{_OFF} {change.test}\n"
        f"{_GREEN}41 passed{_OFF}, {_RED}1 failed{_OFF} in 6.13s\n"
    )
    if run.rng.random() < 0.3:
        remind(run)
    run.say(
        "One thing looks wrong. I'll write the test that would show it.",
        Call("bash_run", {"cmd": change.suite}, shell(output, 1), run.seconds(5, 24)),
        think=f"Suspect: {change.finding}.",
    )


def _fix(run: Run, change: Change) -> None:
    if run.rng.random() < 0.6:
        stale = {
            "path": change.path,
            "old_string": change.bad.strip() + " ",
            "new_string": change.good,
        }
        gone = failed("old_string not found in file", is_file=True)
        run.say("The fix is small.", Call("fs_edit", stale, gone, run.rng.randrange(2, 20)))
    edit = {"path": change.path, "old_string": change.bad, "new_string": change.good}
    done = ok({"ok": True, "path": change.path, "replacements": 1, "lines": 40})
    run.say("", Call("fs_edit", edit, done, run.rng.randrange(2, 20)))
    run.say("", Call("run_tests", {"suite": change.suite}, _tests(42, 0), run.seconds(6, 26)))


def _comment(run: Run, change: Change) -> None:
    text = (
        f"**{change.title}**\n\nBlocking: {change.finding}.\n\n```{change.language}\n"
        f"{change.good}\n```\n\nTest: `{change.test}`"
    )
    comment = {"pr": change.number, "repo": change.repo, "event": "request_changes", "body": text}
    posted = ok({"ok": True, "data": {"url": f"https://git.example.com/{change.repo}/pull/1"}})
    note, decision = run.rng.choice(
        (
            ("good catch, post it", "allow"),
            (None, "allow"),
            ("Too harsh for a first contribution — I'll talk to her instead.", "deny"),
        )
    )
    ask = Ask(run.seconds(15, 1400), decision, note)
    run.say(
        "Ready to post the review.",
        plan(run, ("Read the diff", "completed"), ("Write the review", "in_progress")),
        Call("post_comment", comment, posted, run.seconds(0.3, 1.2), ask),
    )
    outcome = "posted" if decision == "allow" else "not posted, as you wish"
    run.say(
        f"### Review of #{change.number}: {outcome}\n\n1. **Blocking** – {change.finding}.\n"
        f"2. Nit: the name in `{change.path}` says what it does, not why.\n\n"
        "The fix and its test are on branch `review/fix`."
    )


def _sketch(run: Run, change: Change) -> None:
    target = {"path": f"{change.path}.sketch", "content": f"// interface\n{change.source}"}
    written = ok({"ok": True, "path": target["path"], "bytes": 412, "lines": 16})
    run.say("A sketch, not wired in.", Call("fs_write", target, written, 9))
    run.say("The interface is in place; it touches 9 files and buys us little today.")


def _tests(passed: int, bad: int) -> Outcome:
    return ok({"ok": True, "data": {"passed": passed, "failed": bad, "skipped": 2}})


def _build_log(run: Run, change: Change) -> str:
    """Write some 200 KB of build output, coloured, with the fault in it once."""
    tasks = ("compile", "lint", "bundle", "test", "package")
    lines = [
        f"{_DIM}[{n:05d}]{_OFF} {run.rng.choice(tasks)} {change.repo}/module-{n % 61:02d} "
        f"{_GREEN}ok{_OFF} {run.rng.randrange(2, 900)}ms"
        for n in range(3600)
    ]
    lines[3120] = f"{_RED}FAILED{_OFF} {change.test}"
    return "\n".join(lines)
