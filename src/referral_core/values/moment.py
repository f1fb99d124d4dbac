"""Moments: aware datetimes, kept in UTC.

A moment is a :class:`datetime.datetime` that carries a time zone (M1). Every moment that enters the core is turned
into UTC at once, because Python compares two datetimes of one summer-time zone by their wall clocks and would so
confuse the two passes of the hour that autumn repeats.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason

EARLIEST: Final = datetime(2, 1, 1, tzinfo=UTC)
"""The first moment there is."""

LATEST: Final = datetime(9998, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
"""The last; both a year inside Python's own, so that no shift between zones overflows."""


def moment(value: datetime, field: str = "at") -> datetime:
    """Return ``value`` as a moment in UTC.

    :raises Refusal: ``moment-naive`` when it carries no time zone or is only a date (M1), ``moment-invalid`` when it
        lies outside the years 2 to 9998; the refusal names ``field``.
    """
    if not isinstance(value, datetime):
        raise Refusal(Reason.MOMENT_NAIVE, message=f"{value!r} is not a moment with a time zone", field=field)
    if value.tzinfo is UTC and EARLIEST <= value <= LATEST:
        return value
    if value.utcoffset() is None:
        raise Refusal(Reason.MOMENT_NAIVE, message=f"{value.isoformat()} carries no time zone", field=field)
    if not EARLIEST <= value <= LATEST:
        raise Refusal(Reason.MOMENT_INVALID, message=f"{value.isoformat()} is out of bounds", field=field)
    return value.astimezone(UTC)


def optional_moment(value: datetime | None, field: str = "at") -> datetime | None:
    """Return ``value`` as a moment in UTC, or ``None`` for ``None``; refuse as :func:`moment` does."""
    return None if value is None else moment(value, field)


@lru_cache(maxsize=256)  # one act writes its moment down again and again
def written(value: datetime) -> str:
    """Write a moment as RFC 3339 in UTC, ``2021-02-28T22:00:00Z``, whatever offset it was given with."""
    return moment(value).isoformat().replace("+00:00", "Z")
