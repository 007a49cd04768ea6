"""One time layer: every way in which stores write a time, to integer ms UTC and back."""

from datetime import UTC, datetime, timedelta

__all__ = ["iso_from_ms", "ms_from_iso"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ms_from_iso(text: object) -> int | None:
    """Return ms UTC of ISO text (without an offset: UTC), None for anything else."""
    if not isinstance(text, str) or len(text) > 64:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def iso_from_ms(ms: int) -> str:
    """Return a time as the SDK writes it: ``2026-11-13T07:30:00.009Z``; clamped to years 1-9999."""
    try:
        moment = _EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        return "0001-01-01T00:00:00.000Z" if ms < 0 else "9999-12-31T23:59:59.999Z"
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
