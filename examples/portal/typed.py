"""What people type into forms, as the values that acts take."""

from __future__ import annotations

import re
from datetime import date, datetime

from dateutil import tz

from referral_core import Calendar, Money, Reason, Refusal


def typed_day(text: str, field: str) -> date | None:
    """Return the day that a date field holds, ``None`` when it is empty.

    :raises Refusal: ``moment-invalid``.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _unreadable(text, field) from None


def typed_moment(text: str, calendar: Calendar, field: str) -> datetime | None:
    """Return the moment that a field for day and time holds, by the programme's clocks; ``None`` when it is empty.

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
    """Return the amount of money that a field holds, with a point or a comma before the cents.

    :raises Refusal: ``amount-invalid``.
    """
    return Money(re.sub(r"[\s€]", "", text).replace(",", "."), currency)


def _with_zone(local: datetime, calendar: Calendar) -> datetime:
    return tz.resolve_imaginary(local if local.tzinfo is not None else local.replace(tzinfo=calendar.zone))


def _unreadable(text: str, field: str) -> Refusal:
    return Refusal(Reason.MOMENT_INVALID, message=f"{text[:40]!r} is no moment", field=field)
