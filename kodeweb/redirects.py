"""Where a form may send the browser afterwards: pages of this site and nowhere else."""

from urllib.parse import urlsplit

__all__ = ["safe_next"]


def safe_next(target: str, *, default: str = "/") -> str:
    r"""Return the target when it is a path of this site; ``//x``, ``/\x`` and the like are not.

    Browsers read a backslash as a slash and drop control characters inside an address, so these
    are refused anywhere in it.
    """
    if not target.startswith("/") or target.startswith("//"):
        return default
    if "\\" in target or any(
        ord(character) < 0x21 or ord(character) == 0x7F for character in target
    ):
        return default
    try:
        parts = urlsplit(target)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else target
