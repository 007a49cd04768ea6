"""Stories of the operations bot: deployments, incidents, clean-ups, and what goes wrong there."""

from stores.sample.acts import interrupt, resume
from stores.sample.outcomes import (
    Ask,
    Call,
    Outcome,
    failed,
    never,
    ok,
    policy_denied,
    queued,
    shell,
    threw,
)
from stores.sample.run import Run

__all__ = [
    "certificate",
    "cleanup",
    "crashed_deploy",
    "deploy",
    "incident",
    "interrupted",
    "stuck",
    "waiting",
]

_SERVICES = (
    "checkout-api", "web-shop", "inventory-sync", "ledger-core", "notify-worker", "media-upload",
    "search-index", "auth-gateway",
)  # fmt: skip
_RED, _YELLOW, _GREEN, _OFF = "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[0m"


def deploy(run: Run) -> list[Run]:
    """Roll out a version after approval; sometimes it fails, sometimes it is refused."""
    service = run.rng.choice(_SERVICES)
    version = f"{run.rng.randrange(1, 6)}.{run.rng.randrange(0, 30)}.{run.rng.randrange(0, 9)}"
    run.ask(f"Deploy {service} {version} to production, canary first.")
    run.say("Checking health and the error budget before I ask.", _metrics(run, service, 0.4))
    ending = run.rng.choice(("fine", "fine", "broken", "refused"))
    note, decision = {
        "fine": ("ok by on-call", "allow"),
        "broken": ("go, I am watching the graphs", "allow"),
        "refused": ("Not this week — <b>freeze</b> until Thursday 09:00", "deny"),
    }[ending]
    ask = Ask(run.seconds(20, 2400), decision, note)
    run.say(
        f"`{service}` is healthy (error rate 0.4 %). May I roll out **{version}**?",
        _rollout(run, service, version, ask, is_broken=ending == "broken"),
    )
    if ending == "refused":
        run.say("Understood, nothing was changed. I'll bring it up again on Thursday.")
        return []
    if ending == "broken":
        back = Ask(run.seconds(4, 40), "allow", "yes, roll back")
        run.say(
            "Three of five replicas do not become ready. I'd like to go back.",
            _rollout(run, service, "previous", back, is_broken=False),
        )
        run.say(
            f"Rolled back. `{service}` {version} fails its readiness probe:\n\n```\nGET /ready "
            "503 pool exhausted (20/20)\n```\n\nThe new version opens one connection per worker; "
            "raise `POOL_SIZE` to 40 or lower `WORKERS`."
        )
        return []
    run.say("", _metrics(run, service, 0.3))
    run.say(f"`{service}` **{version}** is live on all replicas; error rate 0.3 %, p95 212 ms.")
    return []


def incident(run: Run) -> list[Run]:
    """Find out why a service is slow, restart what is stuck, and page if it does not help."""
    service = run.rng.choice(_SERVICES)
    run.ask(f"PAGE: {service} p95 latency 4.2 s (threshold 800 ms), started 6 min ago.")
    run.say(
        "Looking at metrics and logs at the same time.",
        _metrics(run, service, 7.9),
        Call("log_search", {"service": service, "level": "error"}, ok(_logs(run, service)), 2300),
        Call("bash_run", {"cmd": f"kubectl top pods -l app={service}"}, shell(_pods(service)), 810),
    )
    probe = {"cmd": f"curl -fsS -m 5 http://{service}.internal/ready"}
    refused = "curl: (28) Operation timed out after 5001 milliseconds with 0 bytes received"
    run.say("One pod does not answer.", Call("bash_run", probe, shell(refused, 28), 5012))
    ask = Ask(run.seconds(6, 110), "allow", run.rng.choice((None, "do it", "only that one pod")))
    restarted = ok({"ok": True, "data": {"pod": f"{service}-7d9f", "status": "Running"}})
    target = {"pod": f"{service}-7d9f", "grace_seconds": 30}
    run.say(
        "I'd restart `7d9f`: it holds 20 of 20 connections and answers nothing.",
        Call("restart_pod", target, restarted, run.seconds(9, 30), ask),
    )
    if run.rng.random() < 0.4:
        gone = failed("pager gateway answered 502", status=502)
        run.say("Telling the owner.", Call("page_oncall", {"team": "payments"}, gone, 3100))
    run.say("", _metrics(run, service, 0.6))
    run.say(
        f"**Resolved.** p95 of `{service}` is back at 240 ms.\n\n- *Cause:* one pod kept its "
        "database connections after a network blip\n- *Fix:* restart of that pod\n- *To do:* "
        "`pool_recycle=300` so that dead connections are dropped\n\nTimeline: alert → 41 s "
        "diagnosis → approval → 22 s restart."
    )
    return []


def cleanup(run: Run) -> list[Run]:
    """Free disk space; dropping a database is forbidden by policy."""
    host = f"db-{run.rng.randrange(1, 9)}.internal"
    run.ask(f"{host} is at 94 % disk. Make room, but careful please.")
    usage = f"/dev/nvme1n1  960G  {_RED}902G{_OFF}   58G  94% /var/lib/postgresql\n"
    run.say("", Call("bash_run", {"cmd": f"ssh {host} df -h"}, shell(usage), 640))
    sizes = [["staging_copy", "311 GB"], ["shop", "402 GB"], ["old_reports", "96 GB"]]
    run.say(
        "",
        Call("db_query", {"sql": "SELECT datname, size FROM db_sizes"}, ok({"rows": sizes}), 420),
    )
    drop = Call("db_drop", {"name": "staging_copy", "host": host}, policy_denied())
    run.say("`staging_copy` is 311 GB and unused since June.", drop)
    vacuum = threw("could not extend file: No space left on device")
    run.say(
        "I may not drop databases. Vacuum first.",
        Call("db_query", {"sql": "VACUUM FULL audit_log"}, vacuum, 9_800),
    )
    pruned = f"{_GREEN}removed{_OFF} 214 archived logs, 71 GB\n"
    run.say("", Call("bash_run", {"cmd": "logs prune --older 30d"}, shell(pruned), 14_200))
    run.say(
        "86 % now: 71 GB of archived logs are gone. **For you to do:** drop `staging_copy` "
        "(311 GB) – my permissions do not allow it, and rightly so."
    )
    return []


def certificate(run: Run) -> list[Run]:
    """Check certificates; the checker's non-zero exit is news, not a failure."""
    run.ask("Which certificates run out in the next 14 days?")
    days = run.rng.randrange(2, 13)
    listing = (
        f"{_YELLOW}WARN{_OFF} api.example.com     expires in {days} days\n"
        f"{_GREEN}OK{_OFF}   shop.example.com    expires in 61 days\n"
        f"{_RED}FAIL{_OFF} ftp.example.com     no route to host\n"
    )
    run.say("", Call("bash_run", {"cmd": "certcheck --all --days 14"}, shell(listing, 2), 3_900))
    run.say(f"One: `api.example.com`, in **{days} days**. `ftp.example.com` does not answer.")
    run.ask("Renew it.", after=(20, 400))
    denied = {
        "ok": False,
        "error": "rate limited: 5 certificates per week",
        "retry_after_s": 86_400,
    }
    run.say("", Call("bash_run", {"cmd": "certctl renew api"}, ok({"data": denied}), 2_250))
    run.say("The authority limits us to 5 certificates a week; I can try again tomorrow.")
    return []


def interrupted(run: Run) -> list[Run]:
    """A person stops the agent while one call runs and one waits for approval."""
    service = run.rng.choice(_SERVICES)
    run.ask(f"Scale {service} up before the sale starts.")
    size = {"service": service, "replicas": 24}
    load = {"cmd": f"loadtest --target {service} --rps 900"}
    waits = Ask(0, None)
    run.say(
        "A load test first, and the request to scale at the same time.",
        Call("scale_service", size, ok({}), 0, waits),
        Call("bash_run", load, never()),
    )
    run.pause(31, 90)
    interrupt(run, "Stopped by the user")
    run.ask("Stop! The sale is next week.", after=(2, 9))
    run.say("Stopped. The load test ran for a minute; nothing was scaled.")
    return []


def crashed_deploy(run: Run) -> list[Run]:
    """The process dies in the middle of a batch and is resumed an hour later."""
    service = run.rng.choice(_SERVICES)
    run.ask(f"Deploy {service} 3.0.0 and watch it for ten minutes.")
    run.say("", _metrics(run, service, 0.2))
    watch = {"cmd": f"watch-errors {service} --minutes 10"}
    run.say(
        "This needs your approval. I already watch the errors.",
        Call("bash_run", watch, never()),
        _rollout(run, service, "3.0.0", Ask(0, None), is_broken=False, lead_ms=180),
        Call("metrics_query", {"service": service}, queued()),
    )
    run.left.duplicated_events = 6
    resume(run, after_ms=run.seconds(2400, 5400))
    run.ask("What happened? Is 3.0.0 out?", after=(40, 200))
    run.say("I was restarted in between. Checking.", _metrics(run, service, 0.2))
    run.say(
        f"**No.** The process died while the approval was open; `{service}` still runs 2.9.4. "
        "The error watch had started, so its log may end in the middle."
    )
    return []


def waiting(run: Run) -> list[Run]:
    """Wait for a person, right now, with other calls of the batch in every other state."""
    run.ask("Deploy ledger-core 7.2.0, restart notify-worker, and tell me the replication lag.")
    lag = Call("db_query", {"sql": "SELECT lag FROM replication"}, never(), lead_ms=40)
    size = {"service": "ledger-core", "replicas": 6}
    first = Ask(19_000, "allow", "scaling is fine")
    run.say(
        "Two of these need you. While you look, I read the replication lag.",
        lag,
        Call("scale_service", size, queued(), 0, first, lead_ms=90),
        _rollout(run, "ledger-core", "7.2.0", Ask(0, None), is_broken=False, lead_ms=21_000),
        Call("restart_pod", {"pod": "notify-worker-55c1"}, queued()),
    )
    run.left.unflushed_events = 2
    return []


def stuck(run: Run) -> list[Run]:
    """Work on something that never answers; the last event is long ago."""
    run.ask("Wait until the nightly backup of shop is done, then post its size.")
    first = {"cmd": "backupctl status shop"}
    run.say("", Call("bash_run", first, shell("running, 61 %\n"), 720))
    run.say("61 % done. I wait for it.", Call("bash_run", {"cmd": "backupctl wait shop"}, never()))
    return []


def _metrics(run: Run, service: str, errors: float) -> Call:
    data = {
        "service": service,
        "window": "5m",
        "error_rate_pct": errors,
        "p95_ms": 212,
        "rps": 340.5,
    }
    query = {"service": service, "window": "5m"}
    return Call("metrics_query", query, ok(data), run.seconds(0.2, 1.4))


def _rollout(
    run: Run, service: str, version: str, ask: Ask, *, is_broken: bool, lead_ms: int = 0
) -> Call:
    target = {
        "service": service,
        "version": version,
        "options": {"canary": True, "weights": [1, 9]},
    }
    good: Outcome = ok({"ok": True, "data": {"target": service, "status": "rolled out"}})
    bad = failed("rollout failed: 3/5 replicas unavailable", replicas={"ready": 2, "wanted": 5})
    outcome = bad if is_broken else good
    return Call("deploy_service", target, outcome, run.seconds(8, 70), ask, lead_ms)


def _logs(run: Run, service: str) -> dict[str, object]:
    lines = [
        f"{_RED}ERROR{_OFF} {service}-7d9f pool.acquire timed out after {n * 250} ms "
        f"req={run.rng.randrange(16**6):06x}"
        for n in range(4, 16)
    ]
    return {"service": service, "matches": 1841, "shown": len(lines), "lines": lines}


def _pods(service: str) -> str:
    return (
        f"NAME{' ' * 20}CPU   MEMORY\n{service}-2b41   180m  412Mi\n{service}-7d9f   3m    1988Mi\n"
    )
