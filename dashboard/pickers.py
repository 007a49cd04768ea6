"""The pickers in the header: menus of links, so that what is picked is in the address.

The store picker keeps the kind of page; template and time keep every other filter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from django.utils.safestring import SafeString

from dashboard.address import Address, address_of
from dashboard.formats import count, iso, one_line, stamps
from dashboard.icons import icon_html
from stores.interface import Facet, Reader, ReplicaState

__all__ = ["PickerLink", "as_of", "list_pickers", "picker", "store_picker"]

_HOUR_MS = 3_600_000
_SPANS = (
    ("Last 24 h", 24 * _HOUR_MS),
    ("Last 7 days", 7 * 24 * _HOUR_MS),
    ("Last 30 days", 30 * 24 * _HOUR_MS),
)
_MOST_TEMPLATES = 30


@dataclass(frozen=True)
class PickerLink:
    """One choice of a picker."""

    label: str
    href: str
    is_current: bool = False
    note: str = ""


def picker(key: str, current: str, links: Iterable[PickerLink], *, icon: str = "") -> str:
    """Return one menu; labels may be hostile."""
    drawn_icon = icon_html(icon) if icon else ""
    items = "".join(
        f'<li><a href="{escape(link.href)}"{" aria-current=true" if link.is_current else ""}>'
        f"{drawn_icon}{escape(one_line(link.label, 60))}"
        + (f' <span class="count muted">{escape(link.note)}</span>' if link.note else "")
        + "</a></li>"
        for link in links
    )
    return (
        f'<details class="menu"><summary><span class="menu-key">{escape(key)}</span> '
        f'<b class="clip">{escape(one_line(current, 40))}</b> {icon_html("down", size="s")}'
        f'</summary><ul class="menu-list">{items}</ul></details>'
    )


def store_picker(stores: Iterable[Any], slug: str = "", *, url_name: str = "session_list") -> str:
    """Return the menu of stores; each link opens the same kind of page in that store."""
    found = list(stores)
    current = next((store.name for store in found if store.slug == slug), "All stores")
    links = [PickerLink("All stores", address_of("overview"), is_current=not slug)]
    links += [
        PickerLink(store.name, address_of(url_name, store.slug), store.slug == slug)
        for store in found
    ]
    return SafeString(picker("Store", current, links, icon="stores"))


def list_pickers(
    address: Address, *, templates: Sequence[Facet] | None, now_ms: int, is_update: bool = False
) -> str:
    """Return template and time of a list; ``is_update`` marks them to replace those shown."""
    drawn = "" if templates is None else _template_picker(address, templates)
    swap = ' hx-swap-oob="true"' if is_update else ""
    return SafeString(
        f'<div class="pickers" id="list-pickers"{swap}>{drawn}{_time_picker(address, now_ms)}</div>'
    )


def _template_picker(address: Address, templates: Sequence[Facet]) -> str:
    chosen = [value for name, value in address.pairs if name == "template"]
    current = "All" if not chosen else chosen[0] if len(chosen) == 1 else f"{len(chosen)} chosen"
    links = [PickerLink("All templates", str(address.without("template")), not chosen)]
    links += [
        PickerLink(
            facet.value,
            str(address.with_value("template", facet.value)),
            chosen == [facet.value],
            "" if facet.count is None else count(facet.count, is_exact=facet.is_exact),
        )
        for facet in templates[:_MOST_TEMPLATES]
    ]
    return picker("Template", current, links)


def _time_picker(address: Address, now_ms: int) -> str:
    start = next((value for name, value in address.pairs if name == "from"), "")
    end = next((value for name, value in address.pairs if name == "to"), "")
    current = " ".join(part for part in (start and f"from {start}", end and f"to {end}") if part)
    bare = address.without("from").without("to")
    links = [PickerLink("All time", str(bare), not current)]
    links += [
        PickerLink(label, str(bare.with_value("from", iso(now_ms - span)[:16] + "Z")))
        for label, span in _SPANS
    ]
    return picker("Time", current or "All", links)


def as_of(now_ms: int, reader: Reader | None = None, *, is_update: bool = False) -> str:
    """Return when the page was made, with the zone of every time on it.

    Of a store with a read replica it says too how far that was behind, so call it after the rows
    of the page were read. ``is_update`` marks it to replace the one shown, as new rows do theirs.
    """
    machine, exact = stamps(now_ms)
    clock = machine[11:19]
    swap = ' hx-swap-oob="true"' if is_update else ""
    return SafeString(
        f'<span class="as-of" id="as-of"{swap}>{_replica(reader)}<span>As of '
        f'<time datetime="{machine}" title="{exact}">{clock}</time> UTC</span></span>'
    )


def _replica(reader: Reader | None) -> str:
    """Return what is to be known of the replica behind a page, for the few stores with one."""
    ask = getattr(reader, "replica_state", None)
    found: ReplicaState | None = ask() if ask is not None else None
    if found is None:
        return ""
    words = escape(found.words)
    if found.is_sound:
        return f'<span data-replica="sound">{words}</span>'
    return f'<span class="state" data-replica="away" data-state="soft">{words}</span>'
