"""The pages that are measured: our address, the bare SQL of the same rows, and the peers' address.

Each statement is the best plan that the SDK's own indexes allow (a unary plus keeps SQLite from the
single-column index that it would pick for want of statistics), so a ratio of one is the limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from bench.plan import AGENT_OF_200, AGENT_OF_5000, RARE_TEMPLATE, TEMPLATES
from bench.pools import COMMON_WORD, NEEDLE, RARE_TOOL, SEMI_RARE_TOOL

__all__ = ["DEEP", "PAGE_ROWS", "Deep", "Page", "deep_pages", "flat_pages", "list_pages"]

PAGE_ROWS = 50

_SESSION_COLUMNS = """
SELECT agent_id, template_id, created_at, lineage, message_count, last_bookmark,
       json_extract(metadata, '$.updatedAt')
FROM agents
"""
_SESSION_DETAILS = (
    """
SELECT agent_id, state, count(*)
FROM tool_calls
WHERE agent_id IN (SELECT value FROM json_each(:first_column))
GROUP BY agent_id, state
""",
    """
SELECT agent_id, substr(content, 1, 200)
FROM messages
WHERE agent_id IN (SELECT value FROM json_each(:first_column)) AND seq = 0
""",
)
_MESSAGE_COLUMNS = """
SELECT agent_id, seq, role, substr(content, 1, 200), length(content), created_at
FROM messages
"""
_CALL_COLUMNS = """
SELECT id, agent_id, name, state, is_error, substr(input, 1, 200), substr(result, 1, 200),
       length(result), substr(error, 1, 200), approval, audit_trail, started_at, completed_at,
       duration_ms, created_at
FROM tool_calls
"""
_NEWEST = "ORDER BY created_at DESC, rowid LIMIT :limit"
_NEWEST_SESSIONS = "ORDER BY created_at DESC, rowid DESC LIMIT :limit"
"""The index on sessions is ascending, the other two are not; each is walked without a sort."""


@dataclass(frozen=True)
class Page:
    """One page: ``path`` is relative to ``/browse/<store>/``, the peers' to their server's root.

    ``details`` are the statements that fill further columns of the same rows; they get the first
    column of ``sql`` as ``:first_column``. ``goal`` names the budget: ``list``, ``worst``,
    ``transcript``, ``count`` (only the region of the total), or ``deep`` with ``twin``, the page
    one that it must equal.
    """

    key: str
    path: str
    sql: str
    params: Mapping[str, object] = field(default_factory=dict)
    goal: str = "list"
    details: tuple[str, ...] = ()
    datasette: str | None = None
    sqlite_web: str | None = None
    twin: str | None = None

    @property
    def is_slow_raw(self) -> bool:
        """Whether the bare statement reads the whole table, so that one run has to do."""
        return self.goal == "worst"

    @property
    def region(self) -> str:
        """Which region of the page htmx asks for."""
        return "count" if self.goal == "count" else "results"

    @property
    def bindings(self) -> dict[str, object]:
        """The parameters of ``sql``; one row more than is shown, as a keyset page needs."""
        return {"limit": PAGE_ROWS + 1, **self.params}


def _datasette(table: str, filters: str = "") -> str:
    return f"/agents/{table}?_sort_desc=created_at&_size={PAGE_ROWS}{filters}"


def list_pages() -> list[Page]:
    """All pages but the deep ones, whose cursors have to be looked up first."""
    return [
        *_session_pages(),
        *_message_pages(),
        *_tool_call_pages(),
        *_transcript_pages(),
        *_counts(),
    ]


def flat_pages() -> list[Page]:
    """The first pages, which must not depend on the size of the store."""
    keys = ("sessions", "messages", "tool calls")
    return [page for page in list_pages() if page.key in keys]


def _session_pages() -> list[Page]:
    frequent = TEMPLATES[0]
    return [
        Page("sessions", "sessions/?sort=-created", _SESSION_COLUMNS + _NEWEST_SESSIONS,
             details=_SESSION_DETAILS, datasette=_datasette("agents"),
             sqlite_web="/agents/content/?ordering=-3"),
        Page("sessions, frequent template", f"sessions/?sort=-created&template={frequent}",
             f"{_SESSION_COLUMNS} WHERE +template_id = :template {_NEWEST_SESSIONS}",
             {"template": frequent}, details=_SESSION_DETAILS,
             datasette=_datasette("agents", f"&template_id={frequent}")),
        Page("sessions, rare template", f"sessions/?sort=-created&template={RARE_TEMPLATE}",
             f"{_SESSION_COLUMNS} WHERE template_id = :template {_NEWEST_SESSIONS}",
             {"template": RARE_TEMPLATE}, details=_SESSION_DETAILS,
             datasette=_datasette("agents", f"&template_id={RARE_TEMPLATE}")),
    ]  # fmt: skip


def _message_pages() -> list[Page]:
    contains = f"{_MESSAGE_COLUMNS} WHERE content LIKE :like {_NEWEST}"
    has_type = f"""{_MESSAGE_COLUMNS}
WHERE content LIKE '%"' || :type || '"%'
  AND EXISTS (SELECT 1 FROM json_each(messages.content) AS block
              WHERE json_extract(block.value, '$.type') = :type)
{_NEWEST}"""
    return [
        Page("messages", "messages/", _MESSAGE_COLUMNS + _NEWEST,
             datasette=_datasette("messages"), sqlite_web="/messages/content/?ordering=-7"),
        Page("messages, role assistant", "messages/?role=assistant",
             f"{_MESSAGE_COLUMNS} WHERE +role = :role {_NEWEST}", {"role": "assistant"},
             datasette=_datasette("messages", "&role=assistant")),
        Page("messages, type tool_use", "messages/?type=tool_use", has_type,
             {"type": "tool_use"}),
        Page("messages, type image", "messages/?type=image", has_type, {"type": "image"}, "worst"),
        Page("messages, type audio (none)", "messages/?type=audio", has_type, {"type": "audio"},
             "worst"),
        Page("messages, common word", f"messages/?text={COMMON_WORD}", contains,
             {"like": f"%{COMMON_WORD}%"},
             datasette=_datasette("messages", f"&content__contains={COMMON_WORD}")),
        Page("messages, needle (10 rows)", f"messages/?text={NEEDLE}", contains,
             {"like": f"%{NEEDLE}%"}, "worst",
             datasette=_datasette("messages", f"&content__contains={NEEDLE}")),
    ]  # fmt: skip


def _tool_call_pages() -> list[Page]:
    def by_name(name: str) -> str:
        return _datasette("tool_calls", f"&name={name}&state=FAILED")

    return [
        Page("tool calls", "tool-calls/", _CALL_COLUMNS + _NEWEST,
             datasette=_datasette("tool_calls"), sqlite_web="/tool_calls/content/?ordering=-13"),
        Page("tool calls, bash_run and FAILED", "tool-calls/?tool=bash_run&state=FAILED",
             f"{_CALL_COLUMNS} WHERE +name = :name AND +state = 'FAILED' {_NEWEST}",
             {"name": "bash_run"}, datasette=by_name("bash_run")),
        Page("tool calls, semi-rare and FAILED", f"tool-calls/?tool={SEMI_RARE_TOOL}&state=FAILED",
             f"{_CALL_COLUMNS} WHERE name = :name AND +state = 'FAILED' {_NEWEST}",
             {"name": SEMI_RARE_TOOL}, datasette=by_name(SEMI_RARE_TOOL)),
        Page("tool calls, rare and FAILED", f"tool-calls/?tool={RARE_TOOL}&state=FAILED",
             f"{_CALL_COLUMNS} WHERE name = :name AND +state = 'FAILED' {_NEWEST}",
             {"name": RARE_TOOL}, datasette=by_name(RARE_TOOL)),
        Page("tool calls, COMPLETED", "tool-calls/?state=COMPLETED",
             f"{_CALL_COLUMNS} WHERE +state = 'COMPLETED' {_NEWEST}",
             datasette=_datasette("tool_calls", "&state=COMPLETED")),
        Page("tool calls, FAILED or DENIED", "tool-calls/?state=FAILED&state=DENIED",
             f"{_CALL_COLUMNS} WHERE +state IN ('FAILED', 'DENIED') {_NEWEST}",
             datasette=_datasette("tool_calls", "&state__in=FAILED,DENIED")),
    ]  # fmt: skip


def _transcript_pages() -> list[Page]:
    sql = """
SELECT seq, role, content, metadata, created_at
FROM messages
WHERE agent_id = :agent_id AND seq >= :seq
ORDER BY seq
LIMIT 100
"""
    made: list[Page] = []
    for agent_id, length in ((AGENT_OF_200, 200), (AGENT_OF_5000, 5_000)):
        for place, seq in (("start", 0), ("middle", length // 2), ("end", length - 1)):
            made.append(
                Page(f"transcript of {length:,}, {place}",
                     f"sessions/{quote(agent_id)}/?seq={seq}", sql,
                     {"agent_id": agent_id, "seq": max(0, min(seq, length - 100))}, "transcript")
            )  # fmt: skip
    return made


def _counts() -> list[Page]:
    """Totals, capped as the pages cap them."""
    capped = "SELECT count(*) AS total FROM (SELECT 1 FROM {} LIMIT 1001)"
    return [
        Page("count of messages", "messages/", capped.format("messages"), goal="count"),
        Page("count of messages, role assistant", "messages/?role=assistant",
             capped.format("messages WHERE role = 'assistant'"), goal="count"),
        Page("count of messages, type audio", "messages/?type=audio",
             capped.format("""messages WHERE content LIKE '%"audio"%'"""), goal="count"),
        Page("count of tool calls, bash_run and FAILED", "tool-calls/?tool=bash_run&state=FAILED",
             capped.format("tool_calls WHERE name = 'bash_run' AND +state = 'FAILED'"),
             goal="count"),
    ]  # fmt: skip


@dataclass(frozen=True)
class Deep:
    """One list to be read at depth: how to find the row before the page, and the page itself.

    ``anchor`` yields ``at`` and ``rid`` of the last row before page number ``page``.
    """

    twin: str
    path: str
    page: int
    anchor: str
    sql: str
    sqlite_web: str
    details: tuple[str, ...] = ()


_DEEP_SESSIONS = f"""{_SESSION_COLUMNS}
WHERE created_at <= :at AND (created_at < :at OR rowid < :rid)
{_NEWEST_SESSIONS}"""
_SESSION_ANCHOR = """
SELECT created_at AS at, rowid AS rid
FROM agents
ORDER BY created_at DESC, rowid DESC
LIMIT 1 OFFSET :skip
"""


def _keyset(columns: str) -> str:
    return f"""{columns}
WHERE created_at <= :at AND (created_at < :at OR rowid > :rid)
{_NEWEST}"""


def _anchor(table: str) -> str:
    return f"""
SELECT created_at AS at, rowid AS rid
FROM {table}
ORDER BY created_at DESC, rowid
LIMIT 1 OFFSET :skip
"""


DEEP = (
    Deep("sessions", "sessions/?sort=-created", 100, _SESSION_ANCHOR, _DEEP_SESSIONS,
         "/agents/content/?ordering=-3&page=100",
         _SESSION_DETAILS),
    Deep("messages", "messages/", 5_000, _anchor("messages"),
         _keyset(_MESSAGE_COLUMNS), "/messages/content/?ordering=-7&page=5000"),
    Deep("tool calls", "tool-calls/", 5_000, _anchor("tool_calls"),
         _keyset(_CALL_COLUMNS), "/tool_calls/content/?ordering=-13&page=5000"),
)  # fmt: skip


def deep_pages(
    anchors: Mapping[str, Mapping[str, object]], cursors: Mapping[str, str]
) -> list[Page]:
    """The deep pages whose cursor is known; both mappings are keyed by the twin's name."""
    made: list[Page] = []
    for deep in DEEP:
        if deep.twin in anchors and deep.twin in cursors:
            join = "&" if "?" in deep.path else "?"
            made.append(
                Page(f"{deep.twin}, page {deep.page:,}",
                     f"{deep.path}{join}after={quote(cursors[deep.twin])}", deep.sql,
                     anchors[deep.twin], "deep", deep.details,
                     sqlite_web=deep.sqlite_web, twin=deep.twin)
            )  # fmt: skip
    return made
