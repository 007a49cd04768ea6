"""One-time sign-in links: made by whoever can reach the data directory, used once."""

import hashlib
import secrets

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.crypto import get_random_string

from kodeweb.accounts.models import SignInLink
from kodeweb.accounts.roles import Role, set_role
from kodeweb.clock import now_ms

__all__ = ["LINK_LIFE_MS", "consume_link", "find_link", "make_link", "owner"]

LINK_LIFE_MS = 15 * 60 * 1000
_TOKEN_BYTES = 32


def owner() -> User:
    """Return the first admin; made, without a password, when there is none."""
    with transaction.atomic():
        found = User.objects.filter(groups__name="admin", is_active=True).order_by("pk").first()
        if found is None:
            name = "admin"
            if User.objects.filter(username=name).exists():
                name = f"admin-{get_random_string(6, 'abcdefghjkmnpqrstuvwxyz')}"
            found = User.objects.create_user(name)
            set_role(found, Role.ADMIN)
        return found


def make_link(user: User) -> str:
    """Store a new link for the user and return its token, which is kept nowhere else."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    now = now_ms()
    SignInLink.objects.filter(expires_at__lt=now - LINK_LIFE_MS).delete()
    SignInLink.objects.create(
        token_hash=_hash(token), user=user, created_at=now, expires_at=now + LINK_LIFE_MS
    )
    return token


def find_link(token: str) -> SignInLink | None:
    """Return the unused, unexpired link of an active user; None for any other token."""
    return (
        SignInLink.objects.filter(
            token_hash=_hash(token),
            used_at__isnull=True,
            expires_at__gt=now_ms(),
            user__is_active=True,
        )
        .select_related("user")
        .first()
    )


def consume_link(link: SignInLink) -> bool:
    """Use the link up; False when another request was first."""
    now = now_ms()
    unused = SignInLink.objects.filter(pk=link.pk, used_at__isnull=True, expires_at__gt=now)
    return unused.update(used_at=now) == 1


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
