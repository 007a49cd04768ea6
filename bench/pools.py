"""Texts, tool inputs and results made once, then drawn by the million.

Everything here is already JSON: a message is put together by joining strings, because encoding a
million documents would cost more than writing them.
"""

import json
from dataclasses import dataclass
from random import Random

__all__ = [
    "COMMON_WORD",
    "NEEDLE",
    "RARE_TOOL",
    "SEMI_RARE_TOOL",
    "TOOLS",
    "Pools",
    "Tool",
    "make_pools",
]

NEEDLE = "zqxneedle"
COMMON_WORD = "cache"
RARE_TOOL = "ledger_close"
SEMI_RARE_TOOL = "report_build"

_SENTENCES = (
    "The build fails because of a type error in `src/b.ts`.",
    "I could not find that file, so I am trying another path.",
    "Please summarise this document in three bullets.",
    "The cache layer keeps stale entries when two workers race.",
    "Looking at the repository first, then at the tests.",
    "Compare these two papers on sparse attention and say which one holds up.",
    "Why does the login page return 500 after the last deploy?",
    "All tests pass now. ✅",
    "The p95 latency went from 88.1 ms to 212.4 ms between 09:00 and 09:20.",
    "Refactor the parser, keep the public API and its error messages.",
    "帮我分析一下上个季度的销售数据",
    "Schreib mir bitte einen kurzen Statusbericht über die letzte Woche.",
    "The customer was charged twice (¥1,200 and €990); the second charge is a retry.",
    "Here is the plan: read the file, fix `parse()`, run the tests, open the pull request.",
    "A row with <b>markup</b> & ampersands is data, not a page.",
    "مرحبا، هل يمكنك مراجعة هذا الملف؟",
    "The disk is at 91 %, mostly old logs under `/var/log/app`.",
    "I will not touch production; the change goes to the staging cluster first.",
    "Three of the five sources agree, one is older, one could not be opened.",
    "The migration holds a lock for 40 s, so run it out of hours.",
)
_BLOCKS = (
    "```diff\n- const a = 1;\n+ const a = 2;\n```",
    "| file | lines | status |\n|---|---:|---|\n| `a.ts` | 120 | ok |\n| `b.ts` | 7 | **fail** |",
    "- mean: 12.75\n- p95: 88.1\n- outliers: 3\n  - id 17\n  - id 42",
    "> Note: keep it *small*.",
    "1. Read the file\n2. Fix it\n3. Run the tests",
)
_LINES = (
    "src/cache/store.py:118: error: Incompatible return value type",
    "\x1b[31mFAILED\x1b[0m tests/test_parser.py::test_unicode - AssertionError",
    "drwxr-xr-x  4 app app 4096 Sep  3 10:43 services",
    "2026-09-03T10:43:41.297Z INFO request finished status=200 ms=41",
    '{"id": 17, "amount": 1200, "currency": "JPY"}',
    "PASSED tests/test_cache.py::test_eviction_keeps_the_newest",
    '<div class="row"><script>alert(1)</script></div>',
    "    return [row for row in rows if row.amount > limit]",
)


@dataclass(frozen=True)
class Tool:
    """One tool: how often it is called and the shape of what goes in and out."""

    name: str
    weight: float
    key: str
    asks: bool = False


TOOLS = (
    Tool("bash_run", 0.30, "cmd", asks=True),
    Tool("fs_read", 0.22, "path"),
    Tool("fs_edit", 0.12, "path"),
    Tool("fs_grep", 0.10, "pattern"),
    Tool("fs_write", 0.07, "path", asks=True),
    Tool("http_fetch", 0.05, "url"),
    Tool("fs_glob", 0.05, "pattern"),
    Tool("db_query", 0.04, "sql"),
    Tool("todo_write", 0.02, "todos"),
    Tool("task_run", 0.0113, "prompt"),
    Tool("send_email", 0.01, "to", asks=True),
    Tool(SEMI_RARE_TOOL, 0.0087, "report"),
)


@dataclass(frozen=True)
class Pools:
    """JSON fragments to draw from; every list length is a power of two.

    ``prompts`` and ``answers`` are the insides of JSON strings. ``inputs`` holds one list per tool.
    """

    prompts: list[str]
    answers: list[str]
    inputs: dict[str, list[str]]
    results: list[str]


def make_pools(rng: Random) -> Pools:
    """Build the fragments. Sizes are log-normal, as real transcripts are."""
    keys = {tool.name: tool.key for tool in TOOLS} | {RARE_TOOL: "ledger"}
    return Pools(
        prompts=[_inside(_prose(rng, rng.lognormvariate(5.3, 0.7))) for _ in range(1024)],
        answers=[_inside(_prose(rng, rng.lognormvariate(6.4, 0.8))) for _ in range(2048)],
        inputs={name: [_input(rng, key) for _ in range(128)] for name, key in keys.items()},
        results=[_result(rng) for _ in range(2048)],
    )


def _inside(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _prose(rng: Random, length: float) -> str:
    parts: list[str] = []
    size = 0
    while size < length:
        part = rng.choice(_BLOCKS) if rng.random() < 0.08 else rng.choice(_SENTENCES)
        size += len(part) + 1
        parts.append(f"\n\n{part}\n\n" if part in _BLOCKS else part)
    return " ".join(parts)[: max(24, int(length))]


def _input(rng: Random, key: str) -> str:
    value = f"{rng.choice(_SENTENCES)[:60]} #{rng.randrange(10_000)}"
    document: dict[str, object] = {key: value}
    if rng.random() < 0.4:
        document["limit"] = rng.randrange(1, 500)
    if rng.random() < 0.1:
        document["content"] = _prose(rng, rng.lognormvariate(6.5, 0.8))
    return _dump(document)


def _result(rng: Random) -> str:
    length = min(60_000.0, rng.lognormvariate(6.7, 1.1))
    lines: list[str] = []
    size = 0
    while size < length:
        lines.append(rng.choice(_LINES))
        size += len(lines[-1]) + 1
    code = 1 if rng.random() < 0.05 else 0
    return _dump({"background": False, "code": code, "output": "\n".join(lines)})


def _dump(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
