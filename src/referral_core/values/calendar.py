"""The one place where days become moments (M1, M2)."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs
from dateutil import tz
from dateutil.relativedelta import relativedelta

from referral_core.values.errors import Refusal
from referral_core.values.moment import EARLIEST, LATEST, moment
from referral_core.values.reason import Reason

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
    """The days of one zone.

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
        return self.start_of(last_day + ONE_DAY, field) if last_day < date.max else self.start_of(last_day, field)

    def day_of(self, at: datetime) -> date:
        """Return the local day on which a moment falls."""
        return self.local(at).date()

    def later(self, at: datetime, length: relativedelta) -> datetime | None:
        """Return the moment that is ``length`` after ``at`` by the clocks of the zone, summer time included.

        ``None`` means that it is later than any moment there is.
        """
        here = self.local(at)
        try:
            shifted = (here + length).replace(fold=here.fold)
            return moment(tz.resolve_imaginary(shifted))
        except (OverflowError, ValueError, Refusal):
            return None

    def local(self, at: datetime) -> datetime:
        """Return the same moment written with the zone's offset, for people to read."""
        return moment(at).astimezone(self.zone)
