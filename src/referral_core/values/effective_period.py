"""Effective periods: half-open spans of moments (M2)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from referral_core.values.errors import Reason, Refusal
from referral_core.values.moment import ONE_DAY, moment, moment_text, optional_moment, shown_calendar, written

OPEN: Final = ".."
"""The ISO 8601-2 notation of an open end."""


@attrs.frozen(repr=False)
class EffectivePeriod:
    """The moments from ``start`` up to, and without, ``end``; ``None`` means open-ended (M2).

    The constructors are :meth:`starting`, :meth:`between` and :meth:`parse`. An empty or backwards period is refused
    with ``period-empty``. The moment of ending is already outside, so touching periods do not overlap.

    >>> EffectivePeriod.parse("2021-01-01T00:00:00+02:00/..")
    EffectivePeriod.parse('2020-12-31T22:00:00Z/..')
    """

    start: datetime
    end: datetime | None

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "start", moment(self.start, "start"))
        object.__setattr__(self, "end", optional_moment(self.end, "end"))
        if self.end is not None and self.end <= self.start:
            raise Refusal(Reason.PERIOD_EMPTY, message=f"the period {self.shown} holds no moment", field="end")

    @classmethod
    def starting(cls, start: datetime) -> EffectivePeriod:
        """Return the open-ended period from ``start`` on."""
        return cls(start, None)

    @classmethod
    def between(cls, start: datetime, end: datetime | None) -> EffectivePeriod:
        """Return the period from ``start`` up to, and without, ``end``."""
        return cls(start, end)

    @classmethod
    def parse(cls, text: str) -> EffectivePeriod:
        """Return the period written as an ISO 8601 interval, ``start/end`` or ``start/..``.

        :raises ValueError: the text is no such interval.
        """
        bounds = text.split("/")
        if len(bounds) != 2:  # noqa: PLR2004 - a start and an end
            raise ValueError(f"{text!r} is not an interval: write start/end, or start/.. when it is open")
        start, end = bounds
        return cls(datetime.fromisoformat(start), None if end == OPEN else datetime.fromisoformat(end))

    @property
    def is_open(self) -> bool:
        """Tell whether the period has no end."""
        return self.end is None

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at and (self.end is None or at < self.end)

    def overlaps(self, other: EffectivePeriod) -> bool:
        """Tell whether some moment lies in both periods."""
        return (other.end is None or self.start < other.end) and (self.end is None or other.start < self.end)

    def covers(self, other: EffectivePeriod) -> bool:
        """Tell whether every moment of ``other`` lies in this period."""
        if self.start > other.start:
            return False
        return self.end is None or (other.end is not None and other.end <= self.end)

    def common_with(self, other: EffectivePeriod) -> EffectivePeriod | None:
        """Return the moments that lie in both periods; ``None`` when there is none."""
        if not self.overlaps(other):
            return None
        ends = [period.end for period in (self, other) if period.end is not None]
        return EffectivePeriod(max(self.start, other.start), min(ends, default=None))

    def without(self, other: EffectivePeriod) -> tuple[EffectivePeriod, ...]:
        """Return the parts of this period outside ``other``: none, one or two periods, in order."""
        if not self.overlaps(other):
            return (self,)
        left = [EffectivePeriod(self.start, other.start)] if self.start < other.start else []
        if other.end is not None and (self.end is None or other.end < self.end):
            left.append(EffectivePeriod(other.end, self.end))
        return tuple(left)

    @property
    def shown(self) -> str:
        """The period in a text for people, with its last day where it ends with one.

        >>> from referral_core.values.moment import Calendar, showing_moments_in
        >>> with showing_moments_in(Calendar("UTC")):
        ...     EffectivePeriod.parse("2021-01-01T00:00:00Z/2021-02-01T00:00:00Z").shown
        'from 2021-01-01 to the end of 2021-01-31'
        """
        start = f"from {moment_text(self.start)}"
        if self.end is None:
            return f"{start} on"
        calendar = shown_calendar()
        day = calendar.day_of(self.end)
        if self.end == calendar.start_of(day) and self.start < self.end:
            return f"{start} to the end of {(day - ONE_DAY).isoformat()}"
        return f"{start} until {moment_text(self.end)}"

    def __str__(self) -> str:
        return f"{written(self.start)}/{OPEN if self.end is None else written(self.end)}"

    def __repr__(self) -> str:
        return f"EffectivePeriod.parse('{self}')"
