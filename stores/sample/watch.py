"""What the live agent of the demo does: watch a rollout, a small step at a time."""

from stores.sample.outcomes import Call, failed, ok, shell
from stores.sample.run import Run

__all__ = ["LIVE_AGENT_ID", "next_beat"]

LIVE_AGENT_ID = "live-canary-watch"

_SERVICE = "checkout-api"
_WELCOME = (
    f"Watch the canary of {_SERVICE} 5.3.0. Look at it every few seconds and say when something "
    "is off. This session is written while you look at it."
)


def next_beat(run: Run) -> None:
    """Play the next turn: mostly a look at the metrics, at times something else."""
    if not run.messages:
        run.ask(_WELCOME, after=(0, 0))
        run.say(f"I watch **{_SERVICE}**: error rate, latency and logs, every few seconds.")
        return
    beat = run.rng.choices((_look, _read_logs, _probe, _summarise), weights=(6, 2, 1, 1))[0]
    beat(run)


def _look(run: Run) -> None:
    errors, latency = round(run.rng.uniform(0.1, 0.9), 2), run.rng.randrange(180, 320)
    data = {"service": _SERVICE, "version": "5.3.0", "error_rate_pct": errors, "p95_ms": latency}
    query = {"service": _SERVICE, "version": "5.3.0", "window": "1m"}
    run.ask(run.rng.choice(("Next look.", "And now?", "Keep watching.")), after=(0, 0))
    run.say("", Call("metrics_query", query, ok(data), run.seconds(0.2, 0.9)))
    verdict = "a little slow, still fine" if latency > 290 else "fine"
    run.say(f"Error rate {errors} %, p95 {latency} ms: {verdict}.")


def _read_logs(run: Run) -> None:
    run.ask("Anything in the logs?", after=(0, 0))
    query = {"service": _SERVICE, "level": "warn", "last": "1m"}
    line = f"\x1b[33mWARN\x1b[0m slow query {run.rng.randrange(400, 1900)} ms cart.items"
    found = ok({"matches": 1, "lines": [line]})
    if run.rng.random() < 0.3:
        found = failed("log gateway answered 502", status=502)
    run.say("Reading the last minute.", Call("log_search", query, found, run.seconds(0.3, 1.4)))
    run.say("Nothing that would stop the rollout.")


def _probe(run: Run) -> None:
    run.ask("Probe it from outside.", after=(0, 0))
    command = {"cmd": f"curl -fsS -m 2 https://{_SERVICE}.example.com/ready"}
    answer = shell('{"ready":true}\n')
    if run.rng.random() < 0.5:
        answer = shell("curl: (28) Operation timed out after 2001 milliseconds", 28)
    run.say("", Call("bash_run", command, answer, run.seconds(0.4, 2)))
    run.say("Seen from outside it is up; a single slow probe is no reason to stop.")


def _summarise(run: Run) -> None:
    run.ask("Sum up so far.", after=(0, 0))
    calls = list(run.calls.values())
    bad = sum(call.state == "FAILED" for call in calls)
    run.say(
        f"### Canary {_SERVICE} 5.3.0\n\n| | |\n|---|---:|\n| Looks | {len(calls)} |\n"
        f"| Failed looks | {bad} |\n| Share of traffic | 10 % |\n\nI would go on to **25 %**."
    )
