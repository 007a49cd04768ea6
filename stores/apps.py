"""The data side as a Django app: the tables that say where records live."""

from django.apps import AppConfig

__all__ = ["StoresConfig"]


class StoresConfig(AppConfig):
    """Label ``stores``."""

    name = "stores"
    default_auto_field = "django.db.models.BigAutoField"
