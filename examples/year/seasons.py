"""The days, hours and seasons of one year in Tallinn.

A moment is a whole number of seconds since 1970, so that moments compare alike on both sides of a clock change.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

ZONE: Final = ZoneInfo("Europe/Tallinn")
YEAR: Final = 2025
FIRST_DAY: Final = date(YEAR, 1, 1)
LAST_DAY: Final = date(YEAR, 12, 31)

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

# People change supplier when bills hurt: most in autumn and winter, least in spring and at midsummer.
MONTHS: Final = (1.25, 1.15, 0.90, 0.70, 0.80, 0.70, 0.70, 0.95, 1.20, 1.30, 1.30, 0.95)

# Monday to Sunday. Portals are open all week and quiet on Saturdays; staff work on weekdays.
ALL_WEEK: Final = (1.15, 1.10, 1.10, 1.05, 0.90, 0.60, 0.75)
WEEKDAYS: Final = (1.1, 1.0, 1.0, 1.0, 0.9, 0.0, 0.0)

# Midnight to midnight. At home people sign up at lunch and in the evening; offices are open from 9 to 17.
AT_HOME: Final = (1, 0, 0, 0, 0, 0, 1, 3, 5, 6, 7, 7, 8, 7, 6, 6, 6, 7, 9, 11, 11, 9, 6, 3)
AT_WORK: Final = (0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 10, 10, 6, 8, 9, 9, 7, 0, 0, 0, 0, 0, 0, 0)

# Public holidays that close offices, as (month, day); Good Friday is that of 2025.
HOLIDAYS: Final = frozenset({(1, 1), (2, 24), (4, 18), (5, 1), (6, 23), (6, 24), (8, 20), (12, 24), (12, 25), (12, 26)})

# A new contract begins two to eight weeks after it was concluded; six in ten begin on the first day of a month.
START_DAYS: Final = (14, 56)
START_ON_FIRST: Final = 0.6


def moment(day: date, hour: int = 0, second: int = 0) -> int:
    """Return the moment at ``hour`` o'clock of a local day, and ``second`` seconds."""
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).timestamp()) + second


def local_day(at: int) -> date:
    """Return the day that a moment falls on in Tallinn."""
    return datetime.fromtimestamp(at, ZONE).date()


def written(at: int) -> str:
    """Return a moment as RFC 3339 with the offset of Tallinn."""
    return datetime.fromtimestamp(at, ZONE).isoformat()


def is_open(day: date) -> bool:
    """Tell whether offices are open on a day."""
    return day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS


def some_time(rng: Random, day: date, hours: Sequence[int]) -> int:
    """Return a moment of a day, drawn by the weights of its hours."""
    (hour,) = rng.choices(range(24), weights=hours)
    return moment(day, hour, rng.randrange(HOUR))


def office_time(rng: Random, at: int, days: int) -> int:
    """Return a moment in office hours, ``days`` (one or more) days after ``at`` or on the next day that is open."""
    day = local_day(at) + timedelta(days=days)
    while not is_open(day):
        day += timedelta(days=1)
    return some_time(rng, day, AT_WORK)


def midnight(at: int, days: int) -> int:
    """Return the local midnight ``days`` days after the day of ``at``."""
    return moment(local_day(at) + timedelta(days=days))


def start_of_supply(rng: Random, at: int) -> int:
    """Return the local midnight at which a contract concluded at ``at`` begins."""
    least, most = START_DAYS
    concluded = local_day(at)
    starts = concluded + timedelta(days=rng.randint(least, most))
    if rng.random() < START_ON_FIRST:
        first = starts.replace(day=1)
        starts = first if (first - concluded).days >= least else starts
    return moment(starts)


class Season:
    """The days from ``first`` to ``last``, each with a weight from its month and its day of the week."""

    def __init__(self, first: date, last: date, week: Sequence[float]) -> None:
        count = (last - first).days + 1
        self._days = [first + timedelta(days=n) for n in range(count)]
        closed = week[5] == 0
        self._weights = list(
            accumulate(
                0.0 if closed and not is_open(day) else MONTHS[day.month - 1] * week[day.weekday()]
                for day in self._days
            )
        )

    def moments(self, rng: Random, count: int, hours: Sequence[int]) -> list[int]:
        """Return ``count`` moments of the season, in order."""
        days = rng.choices(self._days, cum_weights=self._weights, k=count)
        return sorted(some_time(rng, day, hours) for day in days)
