"""Passwords of stores, encrypted in kodeweb's database by a key that lies beside it.

Who copies the database alone, or a backup of it, learns no password. The key is a file that only
its owner may read; without it a password has to be given again.
"""

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from stores.errors import StoreUnavailable

__all__ = ["seal", "unseal"]

_KEY_FILE = "store_key"
_LOST = "The password of this store cannot be read any more. Register the store again with it."


def seal(secret: str) -> str:
    """Return a secret as text that may be stored."""
    return Fernet(_key(is_new=True)).encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Return the secret again.

    Raises:
        StoreUnavailable: reason ``credentials``: the key is gone or another one.
    """
    try:
        return Fernet(_key(is_new=False)).decrypt(sealed).decode()
    except (InvalidToken, ValueError, OSError) as exc:
        raise StoreUnavailable(_LOST, reason="credentials") from exc


def _key(*, is_new: bool) -> bytes:
    path = Path(settings.HOME) / _KEY_FILE
    if is_new and not path.exists():
        _write_key(path)
    return path.read_bytes().strip()


def _write_key(path: Path) -> None:
    """Write a key once, whole at the moment it appears: of two processes one wins."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)
