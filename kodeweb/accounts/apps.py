"""Sign-in, roles and browser sessions as a Django app."""

from django.apps import AppConfig

__all__ = ["AccountsConfig"]


class AccountsConfig(AppConfig):
    """Label ``accounts``."""

    name = "kodeweb.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
