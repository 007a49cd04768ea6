"""What sign-in needs beside Django's users and groups. Times are milliseconds UTC."""

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

__all__ = ["BrowserSession", "SignInFailures", "SignInLink"]


class BrowserSession(AbstractBaseSession):
    """A signed-in browser; ``user_id`` is what "sign out everywhere" deletes by."""

    user_id = models.BigIntegerField(null=True, db_index=True)

    class Meta(AbstractBaseSession.Meta):
        abstract = False


class SignInLink(models.Model):
    """A one-time link. Only the SHA-256 of its token is kept."""

    token_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    created_at = models.BigIntegerField()
    expires_at = models.BigIntegerField()
    used_at = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"sign-in link {self.pk}"


class SignInFailures(models.Model):
    """Failed tries in a row, per account and address; forgotten at success or after a while."""

    key = models.CharField(max_length=64, unique=True)
    failures = models.PositiveIntegerField(default=0)
    blocked_until = models.BigIntegerField(default=0)
    last_at = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.failures} failed sign-ins"
