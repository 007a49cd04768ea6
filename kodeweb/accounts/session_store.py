"""The session engine: Django's database sessions, with the user's id in a column."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from kodeweb.accounts.models import BrowserSession

__all__ = ["SessionStore"]


class SessionStore(DatabaseStore):
    """Keep sessions in ``BrowserSession``."""

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        """Return the table."""
        return BrowserSession

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        """Build the row, with the signed-in user's id beside the encoded data."""
        row: BrowserSession = super().create_model_instance(data)  # type: ignore[assignment]  # stubs fix the model to Django's
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        return row
