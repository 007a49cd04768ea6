"""What operators do with stores: see where they are and how they are, and take one off the list."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.actions import action
from dashboard.formats import exact, one_line, size
from dashboard.pickers import as_of
from dashboard.views._store import now_ms
from stores.interface import (
    Store,
    StoreError,
    StoreOverview,
    get_store,
    list_stores,
    open_reader,
    remove_store,
)

__all__ = ["store_list", "store_remove"]


@dataclass(frozen=True)
class StoreLine:
    """One registered store as operators see it; paths are for them only."""

    store: Store
    overview: StoreOverview

    @property
    def path(self) -> str:
        """Return where the database is."""
        config = self.store.config
        server = f"{config.get('host', '')}:{config.get('port', '')}/{config.get('database', '')}"
        return one_line(str(config.get("path") or server), 400)

    @property
    def files(self) -> str:
        """Return where the file half is; a folder of JSON is both halves, a server has none."""
        if self.store.kind == "json":
            return self.path
        default = "" if self.store.kind == "postgres" else "beside the database"
        return one_line(str(self.store.config.get("files") or default), 400)

    @property
    def size(self) -> str:
        """Return the size of the database file."""
        return "–" if self.overview.size_bytes is None else size(self.overview.size_bytes)

    @property
    def last_ok(self) -> str:
        """Return when the store was last readable."""
        return exact(self.store.last_ok_at) if self.store.last_ok_at else "never"


@require_safe
@action("stores.manage")
def store_list(request: HttpRequest) -> HttpResponse:
    """Show every registered store with its place and state."""
    lines = [StoreLine(store, _overview(store)) for store in list_stores()]
    lines.sort(key=lambda line: (line.overview.state == "ok", line.store.name))
    return render(request, "dashboard/stores.html", {"lines": lines, "as_of": as_of(now_ms())})


@require_http_methods(["GET", "HEAD", "POST"])
@action("stores.manage")
def store_remove(request: HttpRequest, store: str) -> HttpResponse:
    """Ask, then forget a store; its data stays as it is."""
    record = get_store(store)
    if request.method == "POST":
        remove_store(record)
        return HttpResponseRedirect(reverse("store_list"), status=303)
    return render(request, "dashboard/store_remove.html", {"line": StoreLine(record, _NOT_READ)})


_NOT_READ = StoreOverview(state="ok")


def _overview(store: Store) -> StoreOverview:
    try:
        return open_reader(store).overview()
    except StoreError as exc:
        return StoreOverview(state="unreadable", message=str(exc))
