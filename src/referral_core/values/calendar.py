"""The one place where days become moments (M1, M2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs
from dateutil import tz

from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason

ONE_DAY: Final = timedelta(days=1)


def zone_named(name: str) -> tzinfo:
    """Return the zone of the IANA database called ``name``.

    Falls back to the copy that python-dateutil carries where the system has none.

    :raises LookupError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        found = tz.gettz(name) if name else None
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
        if not 2 <= day.year < 9998:  # noqa: PLR2004 - a year inside what Python can hold
            raise Refusal(Reason.MOMENT_INVALID, message=f"{day.isoformat()} is out of bounds", field=field)
        midnight = datetime.combine(day, time(), tzinfo=self.zone)
        return tz.resolve_imaginary(midnight).astimezone(UTC)

    def end_of(self, last_day: date, field: str = "last_day") -> datetime:
        """Return the moment at which a period ends whose ``last_day`` is inclusive: the next local midnight (M2)."""
        return self.start_of(last_day + ONE_DAY, field) if last_day < date.max else self.start_of(last_day, field)

    def day_of(self, at: datetime) -> date:
        """Return the local day on which a moment falls."""
        return at.astimezone(self.zone).date()

    def local(self, at: datetime) -> datetime:
        """Return the same moment written with the zone's offset, for people to read."""
        return at.astimezone(self.zone)
