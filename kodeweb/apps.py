"""The project's own app: it exists so that the system checks are found."""

from django.apps import AppConfig

__all__ = ["KodewebConfig"]


class KodewebConfig(AppConfig):
    """Register the system checks of the house."""

    name = "kodeweb"

    def ready(self) -> None:
        """Load the checks; registering happens on import."""
        import kodeweb.checks  # noqa: F401
