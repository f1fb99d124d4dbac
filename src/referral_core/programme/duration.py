"""Lengths of time of a programme, as ISO 8601 writes them.

Absences are made of days and longer units, ``P1Y``, ``P18M``, ``P1Y6M``, ``P2W``, ``P30D`` (S2); pauses of days and
shorter ones, ``PT30S``, ``PT5M``, ``PT1H30M``, ``P1D`` (B2).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from dateutil.relativedelta import relativedelta

LONGEST_YEARS: Final = 100
LONGEST_DAYS: Final = 36_525
"""The longest length, so that counting back from any moment stays within the calendar."""

_ISO: Final = re.compile(
    r"P(?=[0-9])(?:(?P<weeks>[0-9]{1,4})W|(?:(?P<years>[0-9]{1,4})Y)?(?:(?P<months>[0-9]{1,4})M)?(?:(?P<days>[0-9]{1,5})D)?)"
)


def parse_duration(text: str) -> relativedelta:
    """Return the length written as an ISO 8601 duration of years, months, weeks or days.

    :raises ValueError: the text is no such duration.
    """
    match = _ISO.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a length of time: write it as P1Y, P18M, P2W or P30D")
    parts = {unit: int(digits) for unit, digits in match.groupdict("0").items()}
    return relativedelta(years=parts["years"], months=parts["months"], weeks=parts["weeks"], days=parts["days"])


def is_length(value: relativedelta) -> bool:
    """Tell whether ``value`` consists of years, months and days, is positive and within the bounds."""
    plain = relativedelta(years=value.years, months=value.months, days=value.days)
    within = 0 <= value.years <= LONGEST_YEARS and value.months >= 0 and 0 <= value.days <= LONGEST_DAYS
    return plain == value and bool(value) and within


_PAUSE: Final = re.compile(
    r"P(?=[0-9T])(?:(?P<days>[0-9]{1,4})D)?(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,5})H)?(?:(?P<minutes>[0-9]{1,6})M)?"
    r"(?:(?P<seconds>[0-9]{1,8})S)?)?"
)
_UNITS: Final = (("H", timedelta(hours=1)), ("M", timedelta(minutes=1)), ("S", timedelta(seconds=1)))


def parse_pause(text: str) -> timedelta:
    """Return the pause written as an ISO 8601 duration of days, hours, minutes or seconds.

    :raises ValueError: the text is no such duration.
    """
    match = _PAUSE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a pause: write it as PT30S, PT5M, PT2H or P1D")
    return timedelta(**{unit: int(digits) for unit, digits in match.groupdict("0").items()})


def written_pause(pause: timedelta) -> str:
    """Write a pause as :func:`parse_pause` reads it; fractions of a second are dropped.

    >>> written_pause(timedelta(days=1, minutes=90))
    'P1DT1H30M'
    """
    day = f"{pause.days}D" if pause.days else ""
    rest = pause - timedelta(days=pause.days)
    parts = []
    for letter, unit in _UNITS:
        count, rest = divmod(rest, unit)
        parts.append(f"{count}{letter}" if count else "")
    clock = "".join(parts)
    return f"P{day}T{clock}" if clock else f"P{day}" if day else "PT0S"
