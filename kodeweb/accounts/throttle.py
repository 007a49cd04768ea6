"""Back-off after failed sign-ins, per account and address: a wait, never a lock-out.

Counted in the database, because several workers serve one sign-in form. The owner of the account
signs in from another address, or with a link, while an attacker waits.
"""

import hashlib

from django.db import transaction

from kodeweb.accounts.models import SignInFailures
from kodeweb.clock import now_ms

__all__ = ["clear_failures", "record_failure", "wait_seconds"]

_FREE_TRIES = 5
_FREE_TRIES_PER_ADDRESS = 50  # many accounts tried from one place
_LONGEST_WAIT_MS = 15 * 60 * 1000
_FORGET_MS = 60 * 60 * 1000


def wait_seconds(account: str, address: str) -> int:
    """Return how long this account must wait at this address; 0 when it may try."""
    rows = SignInFailures.objects.filter(key__in=_keys(account, address))
    now = now_ms()
    left = max((row.blocked_until - now for row in rows), default=0)
    return max(0, -(-left // 1000))


def record_failure(account: str, address: str) -> None:
    """Count one failed try and set the next wait: 1, 2, 4 … seconds, at most 15 minutes."""
    frees = (_FREE_TRIES, _FREE_TRIES_PER_ADDRESS)
    now = now_ms()
    with transaction.atomic():
        SignInFailures.objects.filter(last_at__lt=now - _FORGET_MS).delete()
        for key, free in zip(_keys(account, address), frees, strict=True):
            row, _ = SignInFailures.objects.select_for_update().get_or_create(key=key)
            row.failures += 1
            over = min(row.failures - free, 20)
            wait = min(1000 * 2**over, _LONGEST_WAIT_MS) if over >= 0 else 0
            row.last_at, row.blocked_until = now, now + wait
            row.save()


def clear_failures(account: str, address: str) -> None:
    """Forget the failures of an account at an address, after it signed in."""
    SignInFailures.objects.filter(key=_keys(account, address)[0]).delete()


def _keys(account: str, address: str) -> tuple[str, str]:
    """Name the two counters; hashed, because what is typed as a name may be a password."""
    pair = f"{account.strip().casefold()}\0{address}"
    return _hash(pair), _hash(f"\0address\0{address}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
