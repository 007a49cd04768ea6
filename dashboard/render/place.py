"""Where the links of a transcript lead: prefixes built once per page, ids appended per block."""

from dataclasses import dataclass
from urllib.parse import quote_plus

from dashboard.address import address_of
from dashboard.tables._links import Links, quoted
from stores.interface import ChildSession

__all__ = ["Place"]


@dataclass(frozen=True)
class Place:
    """The session that is shown, its addresses and what the cards need to know about it.

    ``origin`` is the query string of the list that one came from, None when one did not;
    ``limit`` is how many characters of one payload are shown before it is cut.
    """

    agent_id: str
    links: Links
    blocks: str
    images: str
    messages: str
    call_texts: str
    now_ms: int
    origin: str | None = None
    children: tuple[ChildSession, ...] = ()
    limit: int = 8192

    @classmethod
    def of(
        cls,
        slug: str,
        agent_id: str,
        *,
        now_ms: int,
        origin: str | None = None,
        children: tuple[ChildSession, ...] = (),
        limit: int = 8192,
    ) -> "Place":
        """Build the prefixes."""
        return cls(
            agent_id,
            Links.of(slug, now_ms=now_ms, origin=origin or ""),
            _prefix("block_detail", slug, 0, 0),
            _prefix("block_image", slug, 0, 0),
            _prefix("message_text", slug, 0),
            _prefix("tool_call_text", slug, "part"),
            now_ms,
            origin,
            children,
            limit,
        )

    def session(self, agent_id: str) -> str:
        """Return the address of another session."""
        return f"{self.links.sessions}{quoted(agent_id)}/"

    def here(self, query: str = "") -> str:
        """Return this session's address with a query, the list one came from kept."""
        origin = "" if self.origin is None else f"list={quote_plus(self.origin)}"
        whole = "&".join(part for part in (query, origin) if part)
        address = self.session(self.agent_id)
        return f"{address}?{whole}" if whole else address

    def failure(self, call_id: str) -> str:
        """Return the address that opens a call in its transcript."""
        return self.here(f"call={quote_plus(call_id, errors='replace')}")

    def turn(self, seq: int) -> str:
        """Return the address of a turn, whichever window it is in."""
        return f"{self.here(f'seq={seq}')}#m{seq}"

    def call(self, call_id: str) -> str:
        """Return the page of one tool call."""
        return f"{self.links.tool_calls}{quoted(call_id)}/"

    def block(self, seq: int, index: int) -> str:
        """Return the address of one whole block."""
        return f"{self.blocks}{seq}/{index}/{quoted(self.agent_id)}/"

    def image(self, seq: int, index: int) -> str:
        """Return the address of an inline image or file."""
        return f"{self.images}{seq}/{index}/{quoted(self.agent_id)}/"

    def message_text(self, seq: int) -> str:
        """Return the download of one message as stored."""
        return f"{self.messages}{seq}/{quoted(self.agent_id)}/"

    def call_text(self, part: str, call_id: str) -> str:
        """Return the download of one part of a call as stored."""
        return f"{self.call_texts}{part}/{quoted(call_id)}/"


def _prefix(name: str, slug: str, *args: object) -> str:
    """Return an address up to the arguments that change from block to block."""
    tail = "".join(f"{arg}/" for arg in args) + "x/"
    return address_of(name, slug, *args, "x").removesuffix(tail)
