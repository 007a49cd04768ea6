"""Read stored JSON as ``JSON.parse`` does: nothing mended, nothing lost, one kind of error."""

import json
from typing import Any, Final, NoReturn

__all__ = ["js_value"]

# Longer integers are infinite as a JavaScript number; Python would take long to convert them.
_MAX_INTEGER_DIGITS: Final = 400


def js_value(text: str | bytes) -> Any:
    """Return the decoded value; bytes are UTF-8 and bad ones are replaced, as Node does.

    Raises:
        ValueError: not JSON, or nested too deeply to be read.
    """
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    try:
        try:
            return _DECODER.decode(text)
        except json.JSONDecodeError:
            raise
        except ValueError:
            return _PATIENT.decode(text)
    except RecursionError as exc:
        raise ValueError("JSON nested too deeply") from exc


def _refuse(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_INTEGER_DIGITS else float(digits)


# Made once: json.loads makes one with every call that has an option.
_DECODER: Final = json.JSONDecoder(parse_constant=_refuse)
_PATIENT: Final = json.JSONDecoder(parse_constant=_refuse, parse_int=_integer)
