"""Filters of a list, one class per kind of value; the form fields clean and explain.

A filter here never touches a queryset: ``StoreFilterSet`` reads cleaned values into a query.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django_filters import Filter

from dashboard.filters._values import parse_duration, parse_time

__all__ = [
    "Choice",
    "DurationFilter",
    "FlagFilter",
    "ListFilter",
    "TextFilter",
    "TimeFilter",
    "one_of",
]

_MOST_VALUES: Final = 50
_LONGEST_TEXT: Final = 500


@dataclass(frozen=True)
class Choice:
    """One value of a filter as the form shows it; ``tone`` colours its icon."""

    value: str
    label: str
    icon: str = ""
    tone: str = ""


def one_of(values: tuple[str, ...]) -> str:
    """Name the values that would be right."""
    return ", ".join(values[:-1]) + " or " + values[-1] if len(values) > 1 else values[0]


class _ListField(forms.Field):
    """Several values of one name; with ``known``, each must be one of them."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, known: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.known = known

    def clean(self, value: Any) -> tuple[str, ...]:
        values = tuple(dict.fromkeys(part.strip() for part in value or () if part.strip()))
        if len(values) > _MOST_VALUES:
            raise ValidationError(f"At most {_MOST_VALUES} values; here are {len(values)}.")
        for part in values:
            if self.known and part not in self.known:
                raise ValidationError(f"“{part[:40]}” is not one of {one_of(self.known)}.")
            _check_length(part)
        return values


class _TextField(forms.Field):
    """One text, trimmed; nothing at all is None."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> str | None:
        text = (value or "").strip()
        _check_length(text)
        return text or None


class _ParsedField(forms.Field):
    """One text that a function reads; its ValueError is the reason shown at the field."""

    widget = forms.HiddenInput

    def __init__(self, *, parse: Callable[[str], Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.parse = parse

    def clean(self, value: Any) -> Any:
        text = (value or "").strip()
        if not text:
            return None
        try:
            return self.parse(text)
        except ValueError as exc:
            raise ValidationError(str(exc)) from exc


def _check_length(text: str) -> None:
    if len(text) > _LONGEST_TEXT:
        raise ValidationError(f"At most {_LONGEST_TEXT} characters; here are {len(text):,}.")


class _StoreFilter(Filter):  # type: ignore[misc]  # django-filter carries no types
    """A filter that only names, cleans and describes a value."""

    def __init__(self, field_name: str, label: str, *, help_text: str = "", **extra: Any) -> None:
        super().__init__(field_name=field_name, label=label, required=False, **extra)
        self.help_text = help_text

    def __deepcopy__(self, memo: dict[int, Any]) -> "_StoreFilter":
        """Copy one level: a FilterSet copies its filters per request, and only sets a parent."""
        return copy(self)


class ListFilter(_StoreFilter):
    """Several values: checkboxes. ``choices`` are all there are, or else the store's own."""

    field_class = _ListField

    def __init__(
        self, field_name: str, label: str, *, choices: tuple[Choice, ...] = (), **kwargs: Any
    ) -> None:
        known = tuple(choice.value for choice in choices)
        super().__init__(field_name, label, known=known, **kwargs)
        self.choices = choices


class TextFilter(_StoreFilter):
    """One text: an input."""

    field_class = _TextField


class TimeFilter(_StoreFilter):
    """A time, from (``is_end`` false) or to."""

    field_class = _ParsedField

    def __init__(self, field_name: str, label: str, *, is_end: bool = False, **kwargs: Any) -> None:
        def parse(text: str) -> int:
            return parse_time(text, is_end=is_end)

        super().__init__(field_name, label, parse=parse, **kwargs)


class DurationFilter(_StoreFilter):
    """A duration in milliseconds."""

    field_class = _ParsedField

    def __init__(self, field_name: str, label: str, **kwargs: Any) -> None:
        super().__init__(field_name, label, parse=parse_duration, **kwargs)


_FLAGS: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def _parse_flag(text: str) -> bool:
    if text.lower() not in _FLAGS:
        raise ValueError(f"“{text[:40]}” is neither yes nor no.")
    return _FLAGS[text.lower()]


class FlagFilter(_StoreFilter):
    """Yes, no, or either."""

    field_class = _ParsedField

    def __init__(self, field_name: str, label: str, **kwargs: Any) -> None:
        super().__init__(field_name, label, parse=_parse_flag, **kwargs)
