"""Periods and moments in words, as people read them: the last day of a period is still in it (M2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import attrs

from examples.portal.catalogue import Texts
from examples.portal.visit import Visit
from referral_core import Calendar, EffectivePeriod


@attrs.frozen
class PeriodWords:
    """Says moments in one language, by the days of one calendar."""

    texts: Texts
    calendar: Calendar
    brief: bool = False
    """Whether days are written short, as in tables and pictures."""

    @classmethod
    def of(cls, visit: Visit, *, brief: bool = False) -> PeriodWords:
        """Return the words for whoever visits."""
        return cls(visit.texts, visit.world.programme.calendar, brief)

    def at(self, moment: datetime) -> str:
        """Return a moment as its day and the time: ``1 March 2026, 09:00``."""
        return f"{self._day(self.calendar.day_of(moment))}, {self.calendar.local(moment):%H:%M}"

    def exactly(self, moment: datetime) -> str:
        """Return a moment to the second."""
        return f"{self._day(self.calendar.day_of(moment))}, {self.calendar.local(moment):%H:%M:%S}"

    def start(self, period: EffectivePeriod) -> str:
        """Return when a period begins: a day, and the time where it is not the first moment of the day."""
        return self._day_or_moment(period.start)

    def last(self, period: EffectivePeriod) -> str:
        """Return the last day of a period; a moment where it ends inside a day, words where it does not end."""
        if period.end is None:
            return self.texts("administration.period.open")
        if self._begins_a_day(period.end):
            return self._day(self.calendar.day_of(period.end) - timedelta(days=1))
        return self.at(period.end)

    def whole(self, period: EffectivePeriod) -> str:
        """Return a period from its start to its last day."""
        if period.end is None:
            return self.texts("administration.period.from", start=self.start(period))
        return self.texts("administration.period.between", start=self.start(period), last=self.last(period))

    def short_day(self, moment: datetime) -> str:
        """Return the day of a moment, for where there is little room."""
        return self.texts.short_day(self.calendar.day_of(moment))

    def _day_or_moment(self, moment: datetime) -> str:
        return self._day(self.calendar.day_of(moment)) if self._begins_a_day(moment) else self.at(moment)

    def _day(self, day: date) -> str:
        return self.texts.short_day(day) if self.brief else self.texts.day(day)

    def _begins_a_day(self, moment: datetime) -> bool:
        return self.calendar.start_of(self.calendar.day_of(moment)) == moment
