"""Where kodeweb keeps its indexes of stores: in its own data directory, one folder for each."""

from pathlib import Path

from django.conf import settings

__all__ = ["index_folder"]


def index_folder(store_id: str) -> Path:
    """Return the folder of a store's index; it can be deleted at any time."""
    return Path(settings.HOME) / "indexes" / store_id
