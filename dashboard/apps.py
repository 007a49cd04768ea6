"""The human side as a Django app."""

from django.apps import AppConfig

__all__ = ["DashboardConfig"]


class DashboardConfig(AppConfig):
    """Label ``dashboard``; it has no tables of its own."""

    name = "dashboard"
