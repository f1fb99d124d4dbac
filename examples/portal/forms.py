"""The fields of forms, as the values that acts take."""

from __future__ import annotations

import re
from datetime import date, datetime

from dateutil import tz

from referral_core import Calendar, Money, Reason, Refusal


class UnreadableDay(Exception):
    """The content of a date field is no day; ``field`` is its name."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def read_day(text: str, field: str) -> date | None:
    """Return the day in a date field, ``None`` when the field is empty.

    :raises UnreadableDay: it is no day.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UnreadableDay(field) from None


def typed_day(text: str, field: str) -> date | None:
    """Return the day in a date field, ``None`` when the field is empty.

    :raises Refusal: ``moment-invalid``.
    """
    try:
        return read_day(text, field)
    except UnreadableDay:
        raise _unreadable(text, field) from None


def typed_moment(text: str, calendar: Calendar, field: str) -> datetime | None:
    """Return the moment in a field for day and time, by the programme's clocks; ``None`` when the field is empty.

    :raises Refusal: ``moment-invalid``.
    """
    if not text:
        return None
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise _unreadable(text, field) from None
    return calendar.start_of(local.date(), field) if len(text) == len("2026-03-01") else _with_zone(local, calendar)


def typed_amount(text: str, currency: str) -> Money:
    """Return the amount of money in a field, with a point or a comma before the cents.

    :raises Refusal: ``amount-invalid``.
    """
    return Money(re.sub(r"[\s€]", "", text).replace(",", "."), currency)


def _with_zone(local: datetime, calendar: Calendar) -> datetime:
    return tz.resolve_imaginary(local if local.tzinfo is not None else local.replace(tzinfo=calendar.zone))


def _unreadable(text: str, field: str) -> Refusal:
    return Refusal(Reason.MOMENT_INVALID, message=f"{text[:40]!r} is no moment", field=field)
