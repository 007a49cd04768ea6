"""Where the cells of a list lead: prefixes built once per request, ids appended per row."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, quote_plus

from dashboard.address import address_of
from dashboard.paths import opaque

__all__ = ["Links", "quoted"]

# What Django's reverse() leaves as it is, so that both spell an address alike.
_SAFE: Final = "/~:@!$&'()*+,;="
_PLAIN: Final = re.compile(r"[A-Za-z0-9_:-]+(?:/[A-Za-z0-9_:-]+)*")


def quoted(value: str) -> str:
    """Return an id as it stands in an address; the usual ones pass without any work."""
    return value if _PLAIN.fullmatch(value) else quote(opaque(value), safe=_SAFE)


@dataclass(frozen=True)
class Links:
    """Address prefixes of one store, what came before, and the time that "ago" counts from.

    ``origin`` is the query string of the list that is shown; a detail page keeps it as ``list``.
    """

    sessions: str
    messages: str
    tool_calls: str
    now_ms: int
    origin: str = ""

    @classmethod
    def of(cls, slug: str, *, now_ms: int, origin: str = "") -> "Links":
        """Build the prefixes; three lookups per request, none per row."""
        return cls(
            address_of("session_list", slug),
            address_of("message_list", slug),
            address_of("tool_call_list", slug),
            now_ms,
            quote_plus(origin),
        )

    def session(self, agent_id: str) -> str:
        """Return the address of a session."""
        return f"{self.sessions}{quoted(agent_id)}/?list={self.origin}"

    def family(self, agent_id: str) -> str:
        """Return the snapshots and forks of a session."""
        return f"{self.session(agent_id)}&tab=snapshots"

    def turn(self, agent_id: str, seq: int) -> str:
        """Return the address of one message in its transcript."""
        return f"{self.sessions}{quoted(agent_id)}/?seq={seq}#m{seq}"

    def call_in_session(self, agent_id: str, call_id: str) -> str:
        """Return the address of a call's place in its transcript."""
        return f"{self.sessions}{quoted(agent_id)}/?call={quote_plus(call_id, errors='replace')}"

    def tool_call(self, call_id: str) -> str:
        """Return the address of a tool call."""
        return f"{self.tool_calls}{quoted(call_id)}/?list={self.origin}"

    def calls_of(self, agent_id: str, state: str = "") -> str:
        """Return the tool calls of a session, of one state or all."""
        query = f"{self.tool_calls}?session={quote_plus(agent_id, errors='replace')}"
        return f"{query}&state={state}" if state else query

    def messages_of(self, agent_id: str) -> str:
        """Return the messages of a session."""
        return f"{self.messages}?session={quote_plus(agent_id, errors='replace')}"
