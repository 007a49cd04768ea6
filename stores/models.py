"""Django's own tables of the data side: which stores kodeweb knows."""

import time
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from stores.ids import new_id

__all__ = ["NAME_LENGTH", "Store", "StoreKind", "clean_name", "now_ms"]

NAME_LENGTH = 128


def now_ms() -> int:
    """Return the time in milliseconds UTC, the unit of every ``*_at``."""
    return time.time_ns() // 1_000_000


def clean_name(name: str) -> str:
    """Trim a store name and bring it to NFC.

    Raises:
        ValidationError: it is empty, longer than 128 characters, or holds control characters.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(name) <= NAME_LENGTH:
        raise ValidationError(f"A store name has 1 to {NAME_LENGTH} characters.")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise ValidationError("A store name has no control characters.")
    return name


class StoreKind(models.TextChoices):
    """What a store lives in. A kind is added with its backend."""

    SQLITE = "sqlite", "SQLite file"
    POSTGRES = "postgres", "PostgreSQL database"
    JSON = "json", "JSON folder"


class Store(models.Model):
    """One configured database: its name, what it lives in and how to reach it.

    ``config`` of a SQLite store: ``path`` (resolved, absolute) and ``files`` (the folder of the
    file half, or null); of a JSON store only ``path``, the folder. ``last_ok_at`` is when the
    store was last readable.
    """

    id = models.CharField(primary_key=True, max_length=36, default=new_id, editable=False)
    name = models.CharField(max_length=NAME_LENGTH, unique=True)
    slug = models.SlugField(max_length=NAME_LENGTH + 8, unique=True)
    kind = models.CharField(max_length=16, choices=StoreKind)
    sandbox = models.CharField(max_length=NAME_LENGTH, null=True, blank=True)  # noqa: DJ001 (absent is not empty, durable-stores 3)
    config = models.JSONField(default=dict)
    created_at = models.BigIntegerField(default=now_ms, editable=False)
    updated_at = models.BigIntegerField(default=now_ms)
    last_ok_at = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with a clean name, so that no path around a form can store another."""
        self.name = clean_name(self.name)
        super().save(*args, **kwargs)
