"""The first page: what is registered, how it is, and who waits for an answer.

Each store is read inside its own limit, one after the other; a store that cannot be read is a row
that says why, never an error page.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from dashboard.actions import action
from dashboard.formats import count, duration, exact, one_line, short_id, size
from dashboard.pickers import as_of, store_picker
from dashboard.tables._columns import relative_time
from dashboard.tables._links import Links
from dashboard.views._store import now_ms
from stores.interface import Store, StoreError, StoreOverview, list_stores, open_reader

__all__ = ["overview"]

_STATES = {
    "ok": ("Readable", "completed", "completed"),
    "locked": ("Locked", "sealed", "sealed"),
    "slow": ("Slow", "clock", "soft"),
    "journal": ("Waits for a rollback", "sealed", "soft"),
}
# Where stores stop counting: a smaller number is exact, whatever the others are.
_COUNTED_TO = 100_000
# Calls that wait: shown on the page, and read from one store at most.
_SHOWN_WAITING, _READ_WAITING = 8, 20
_BROKEN = ("Not readable", "failed", "failed")


@dataclass(frozen=True)
class Waiting:
    """One call that waits for approval."""

    session_href: str
    call_href: str
    name: str
    input: str
    store: str
    since: str
    session: str


@dataclass(frozen=True)
class StoreCard:
    """One store with what was read of it. Numbers are None when they were not read."""

    store: Store
    overview: StoreOverview
    links: Links

    @property
    def word(self) -> str:
        """Return the state in words."""
        return _STATES.get(self.overview.state, _BROKEN)[0]

    @property
    def icon(self) -> str:
        """Return the icon of the state."""
        return _STATES.get(self.overview.state, _BROKEN)[1]

    @property
    def tone(self) -> str:
        """Return the colour of the state."""
        return _STATES.get(self.overview.state, _BROKEN)[2]

    @property
    def message(self) -> str:
        """Return why a store cannot be read and since when, or how far its index or replica is."""
        if self.overview.state == "ok":
            return one_line(self.overview.message, 400)
        at_ms = self.store.last_ok_at
        last = f" Last readable {exact(at_ms)}." if at_ms else " It was never readable."
        return one_line(self.overview.message, 400) + last

    @property
    def counts(self) -> list[SafeString]:
        """Return sessions, messages and calls, each a link to its rows."""
        found = self.overview
        return [
            self._count(found.session_count, self.links.sessions),
            self._count(found.message_count, self.links.messages),
            self._count(found.tool_call_count, self.links.tool_calls),
        ]

    def _count(self, value: int | None, href: str) -> SafeString:
        if value is None:
            return SafeString(f'<a class="zero" href="{escape(href)}" title="Not counted">–</a>')
        text = count(value, is_exact=self.overview.is_count_exact or value < _COUNTED_TO)
        return SafeString(f'<a class="count" href="{escape(href)}">{text}</a>')

    @property
    def last_activity(self) -> SafeString:
        """Return when the newest session was created."""
        return SafeString(relative_time(self.overview.last_created_at, self.links))

    @property
    def size(self) -> str:
        """Return the size of the database file."""
        return "–" if self.overview.size_bytes is None else size(self.overview.size_bytes)

    @property
    def waiting(self) -> Iterator[Waiting]:
        """Yield the calls that wait for approval, each with its place in the transcript."""
        for call in self.overview.awaiting:
            since = call.created_at
            yield Waiting(
                session_href=self.links.call_in_session(call.agent_id, call.id),
                call_href=self.links.tool_call(call.id),
                name=one_line(call.name, 60),
                input=one_line(call.input_preview, 120),
                store=self.store.name,
                since=duration(max(0, self.links.now_ms - since)) if since else "–",
                session=short_id(one_line(call.agent_id)),
            )

    @property
    def waiting_href(self) -> str:
        """Return all calls of this store that wait, or nothing when none does."""
        has_some = bool(self.overview.awaiting)
        return f"{self.links.tool_calls}?state=APPROVAL_REQUIRED" if has_some else ""

    @property
    def templates(self) -> Iterator[tuple[str, str, str]]:
        """Yield template, number of sessions and the address of those."""
        for facet in self.overview.templates:
            query = urlencode({"template": facet.value}, errors="replace")
            number = "–" if facet.count is None else count(facet.count, is_exact=facet.is_exact)
            yield one_line(facet.value, 60), number, f"{self.links.sessions}?{query}"


def _read(store: Store, now: int) -> StoreCard:
    try:
        found = open_reader(store).overview()
    except StoreError as exc:
        found = StoreOverview(state=getattr(exc, "reason", "unreadable"), message=str(exc))
    return StoreCard(store, found, Links.of(store.slug, now_ms=now))


@require_safe
@action("browse.read")
def overview(request: HttpRequest) -> HttpResponse:
    """Show every registered store and what needs somebody now."""
    now = now_ms()
    stores = list_stores()
    cards = [_read(store, now) for store in stores]
    waiting = [call for card in cards for call in card.waiting]
    is_cut = any(len(card.overview.awaiting) >= _READ_WAITING for card in cards)
    context = {
        "cards": cards,
        "waiting": waiting[:_SHOWN_WAITING],
        "waiting_count": count(len(waiting), is_exact=not is_cut),
        "is_one_waiting": len(waiting) == 1,
        "has_templates": any(card.overview.templates for card in cards),
        "store_picker": store_picker(stores),
        "as_of": as_of(now),
    }
    return render(request, "dashboard/overview.html", context)
