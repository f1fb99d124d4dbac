"""Whatever an act returns, as JSON: what is answered where no model says otherwise, and what tags are made of."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

import attrs

from referral_core.values.moment import Calendar
from referral_core.values.money import Money


def plain_json(value: object, calendar: Calendar) -> Any:  # noqa: ANN401 - any JSON
    """Return a value as JSON: amounts as text, moments in the programme's zone, objects by their fields."""
    if attrs.has(type(value)) and not isinstance(value, Money):
        return _fields(value, calendar)
    return next((write(value, calendar) for kind, write in _KINDS if isinstance(value, kind)), str(value))


def _fields(value: Any, calendar: Calendar) -> dict[str, Any]:  # noqa: ANN401 - an object of an attrs class
    shown = [field.name for field in attrs.fields(type(value)) if field.init]
    return {name.lstrip("_"): plain_json(getattr(value, name), calendar) for name in shown}


_KINDS: Final[tuple[tuple[Any, Callable[[Any, Calendar], Any]], ...]] = (
    (enum.Enum, lambda value, _: value.value),
    (str | int | None, lambda value, _: value),
    (Money, lambda value, _: str(value.amount)),
    (datetime, lambda value, calendar: calendar.local(value).isoformat()),
    (date, lambda value, _: value.isoformat()),
    (Mapping, lambda value, calendar: {str(name): plain_json(each, calendar) for name, each in value.items()}),
    (Iterable, lambda value, calendar: [plain_json(each, calendar) for each in value]),
)
"""How values are written, by their type; the first that fits counts."""
