"""Break a SQLite file in one of the ways that disks, copies and attackers do."""

from collections.abc import Callable
from random import Random
from typing import Final

__all__ = ["KINDS", "mutate"]

PAGE: Final = 4096

Mutation = Callable[[bytearray, Random], None]


def mutate(data: bytes, kind: str, rng: Random) -> bytes:
    """Return a broken copy."""
    broken = bytearray(data)
    KINDS[kind](broken, rng)
    return bytes(broken)


def _pages(data: bytearray) -> int:
    return len(data) // PAGE


def _flip_bits(data: bytearray, rng: Random) -> None:
    for _ in range(rng.choice((1, 3, 20, 200))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _flip_in_tree(data: bytearray, rng: Random) -> None:
    """Hit page headers and cell pointers, where a wrong byte sends SQLite elsewhere."""
    for _ in range(rng.choice((1, 4, 12))):
        data[rng.randrange(_pages(data)) * PAGE + rng.randrange(60)] = rng.randrange(256)


def _flip_in_header(data: bytearray, rng: Random) -> None:
    for _ in range(rng.choice((1, 2, 6))):
        data[rng.randrange(16, 100)] = rng.randrange(256)


def _garble_schema(data: bytearray, rng: Random) -> None:
    for _ in range(rng.choice((1, 5, 30))):
        data[rng.randrange(100, PAGE)] = rng.randrange(256)


def _truncate(data: bytearray, rng: Random) -> None:
    del data[rng.randrange(len(data)) :]


def _truncate_at_page(data: bytearray, rng: Random) -> None:
    del data[rng.randrange(_pages(data)) * PAGE :]


def _zero_page(data: bytearray, rng: Random) -> None:
    start = rng.randrange(_pages(data)) * PAGE
    data[start : start + PAGE] = bytes(PAGE)


def _random_page(data: bytearray, rng: Random) -> None:
    start = rng.randrange(1, _pages(data)) * PAGE
    data[start : start + PAGE] = rng.randbytes(PAGE)


def _swap_pages(data: bytearray, rng: Random) -> None:
    one, two = (rng.randrange(_pages(data)) * PAGE for _ in range(2))
    data[one : one + PAGE], data[two : two + PAGE] = (
        data[two : two + PAGE],
        data[one : one + PAGE],
    )


def _copy_page(data: bytearray, rng: Random) -> None:
    """Let two parents share one page: a loop or the wrong kind of tree."""
    source, target = (rng.randrange(1, _pages(data)) * PAGE for _ in range(2))
    data[target : target + PAGE] = data[source : source + PAGE]


def _wrong_page_size(data: bytearray, rng: Random) -> None:
    size = rng.choice((0, 1, 512, 1024, 2048, 8192, 32768, 777, 65535))
    data[16:18] = size.to_bytes(2, "big")


def _claim_wal(data: bytearray, rng: Random) -> None:
    data[18:20] = rng.choice((b"\x02\x02", b"\x03\x03", b"\x02\x01", b"\x01\x02", b"\xff\xff"))


KINDS: Final[dict[str, Mutation]] = {
    "bits": _flip_bits,
    "tree": _flip_in_tree,
    "header": _flip_in_header,
    "schema": _garble_schema,
    "cut": _truncate,
    "cut-page": _truncate_at_page,
    "zeroed": _zero_page,
    "random": _random_page,
    "swapped": _swap_pages,
    "shared": _copy_page,
    "page-size": _wrong_page_size,
    "journal-mode": _claim_wal,
}
