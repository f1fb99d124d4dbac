"""Moments and days: aware datetimes, kept in UTC, and the calendar by which days become moments (M1, M2).

A moment is a :class:`datetime.datetime` that carries a time zone (M1). Every moment that enters the core is turned
into UTC at once, because Python compares two datetimes of one summer-time zone by their wall clocks and would so
confuse the two passes of the hour that autumn repeats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs
from dateutil import tz
from dateutil.relativedelta import relativedelta

from referral_core.values.errors import Reason, Refusal

EARLIEST: Final = datetime(2, 1, 1, tzinfo=UTC)
"""The earliest moment that is accepted."""

LATEST: Final = datetime(9998, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
"""The latest. Both bounds lie a year inside Python's own, so that no conversion between zones overflows."""


def moment(value: datetime, field: str = "at") -> datetime:
    """Return ``value`` as a moment in UTC.

    :raises Refusal: ``moment-naive`` when it carries no time zone or is only a date (M1), ``moment-invalid`` when it
        lies outside the years 2 to 9998; the refusal names ``field``.
    """
    if not isinstance(value, datetime):
        raise Refusal(Reason.MOMENT_NAIVE, message=f"{value!r} is not a moment with a time zone", field=field)
    if value.tzinfo is UTC and EARLIEST <= value <= LATEST:  # the fast path: nothing to convert
        return value
    if value.utcoffset() is None:
        raise Refusal(Reason.MOMENT_NAIVE, message=f"{value.isoformat()} carries no time zone", field=field)
    if not EARLIEST <= value <= LATEST:
        raise Refusal(Reason.MOMENT_INVALID, message=f"{value.isoformat()} is out of bounds", field=field)
    return value.astimezone(UTC)


def optional_moment(value: datetime | None, field: str = "at") -> datetime | None:
    """Return ``value`` as a moment in UTC, or ``None`` for ``None``; refuse as :func:`moment` does."""
    return None if value is None else moment(value, field)


@lru_cache(maxsize=256)  # one act writes the same moment many times: into rows, history and the trace
def written(value: datetime) -> str:
    """Write a moment as RFC 3339 in UTC, ``2021-02-28T22:00:00Z``, whatever offset it was given with."""
    return moment(value).isoformat().replace("+00:00", "Z")


ONE_DAY: Final = timedelta(days=1)
_NAME: Final = re.compile(r"([A-Za-z_]{1,40}(/[A-Za-z0-9_+-]{1,40}){1,3})|UTC|GMT", re.ASCII)


def zone_named(name: str) -> tzinfo:
    """Return the zone of the IANA database called ``name``.

    Falls back to the copy that python-dateutil carries where the system has none.

    :raises LookupError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # dateutil takes paths, POSIX rules and more for names; only names of the database may get that far.
        found = tz.gettz(name) if _NAME.fullmatch(name) else None
        if found is None:
            raise LookupError(f"no time zone is called {name!r}") from None
        return found


@attrs.frozen
class Calendar:
    """The calendar of one zone.

    >>> from datetime import date
    >>> Calendar("Europe/Tallinn").start_of(date(2021, 3, 1)).isoformat()
    '2021-02-28T22:00:00+00:00'
    """

    zone_name: str
    zone: tzinfo = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "zone", zone_named(self.zone_name))

    def start_of(self, day: date, field: str = "day") -> datetime:
        """Return the moment at which ``day`` begins: local midnight, or the first moment after a skipped midnight.

        :raises Refusal: ``moment-invalid`` when ``day`` is outside the years 2 to 9998.
        """
        if not EARLIEST.year <= day.year <= LATEST.year:
            raise Refusal(Reason.MOMENT_INVALID, message=f"{day.isoformat()} is out of bounds", field=field)
        midnight = datetime.combine(day, time(), tzinfo=self.zone)
        return moment(tz.resolve_imaginary(midnight), field)

    def end_of(self, last_day: date, field: str = "last_day") -> datetime:
        """Return the moment at which a period ends whose ``last_day`` is inclusive: the next local midnight (M2)."""
        # The last date that Python has would overflow: it is refused as out of bounds like its neighbours.
        return self.start_of(last_day + ONE_DAY, field) if last_day < date.max else self.start_of(last_day, field)

    def day_of(self, at: datetime) -> date:
        """Return the local day on which a moment falls."""
        return self.local(at).date()

    def later(self, at: datetime, length: relativedelta) -> datetime | None:
        """Return the moment that is ``length`` after ``at`` by the clocks of the zone, summer time included.

        ``None`` means that the result is out of bounds.
        """
        here = self.local(at)
        try:
            # ``relativedelta`` drops the fold, which tells the two passes of autumn's repeated hour apart.
            shifted = (here + length).replace(fold=here.fold)
            return moment(tz.resolve_imaginary(shifted))
        except (OverflowError, ValueError, Refusal):
            return None

    def local(self, at: datetime) -> datetime:
        """Return the same moment written with the zone's offset, for people to read."""
        return moment(at).astimezone(self.zone)

    def text(self, at: datetime) -> str:
        """Return a moment in a text for people: one that begins a day as that day, any other with the zone's offset.

        >>> from datetime import date, timedelta
        >>> tallinn = Calendar("Europe/Tallinn")
        >>> march = tallinn.start_of(date(2021, 3, 1))
        >>> tallinn.text(march), tallinn.text(march + timedelta(hours=9, minutes=30))
        ('2021-03-01', '2021-03-01 09:30+02:00')
        """
        local = self.local(at)
        if at == self.start_of(local.date()):
            return local.date().isoformat()
        return local.isoformat(" ", "auto" if local.second or local.microsecond else "minutes")


_UTC: Final = Calendar("UTC")
_OF_ACT: Final[ContextVar[Calendar | None]] = ContextVar("calendar", default=None)
_of_process: list[Calendar] = [_UTC]


def show_moments_in(calendar: Calendar | None) -> None:
    """Have texts for people show moments in a zone, everywhere in this process but inside acts; ``None`` is UTC.

    A program that is for one programme, as the command and a notebook are, says so once. A library never does: a
    process may have desks of several zones. Every text names its offset or its zone.
    """
    _of_process[0] = _UTC if calendar is None else calendar


@contextmanager
def showing_moments_in(calendar: Calendar) -> Iterator[None]:
    """Have texts for people show moments in a zone inside the block, as an act does in its programme's."""
    before = _OF_ACT.set(calendar)
    try:
        yield
    finally:
        _OF_ACT.reset(before)


def shown_calendar() -> Calendar:
    """Return the calendar by which texts for people show moments here."""
    return _OF_ACT.get() or _of_process[0]


def moment_text(at: datetime) -> str:
    """Write a moment for people, in the zone of the programme: see :meth:`Calendar.text`."""
    return shown_calendar().text(at)
