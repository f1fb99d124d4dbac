"""The header ``Retry-After``: how long somebody asks to be left alone (RFC 9110, 10.2.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_DIGITS: Final = 9


def seconds_of(header: str | None, now: datetime) -> float:
    """Return how many seconds a header asks for: 0 when it asks for none, or in no way that there is.

    >>> now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> seconds_of("120", now), seconds_of("Sun, 01 Mar 2026 12:00:30 GMT", now), seconds_of("soon", now)
    (120.0, 30.0, 0.0)
    """
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:_DIGITS])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
