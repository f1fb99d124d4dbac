"""Periods for people: in words, and timelines of amounts as pictures (M2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import Final

import attrs

from examples.portal.catalogue import Texts
from examples.portal.visit import Visit
from referral_core import Calendar, EffectivePeriod, Money, Span, Timeline
from referral_core.values.word import Word

WIDTH: Final = 100.0
TAIL: Final = 17.0
"""The part of the width after the last known change."""
LEAST: Final = 13.0
"""The least width of a stretch between two changes, as long as there is room for all."""
MOST_PASSED: Final = 4
"""How many past changes are drawn; the table has them all."""
DAY: Final = 23.0
"""The width of a written day on a phone."""


@attrs.frozen
class PeriodWords:
    """The words for moments and periods in one language, by one calendar."""

    texts: Texts
    calendar: Calendar
    brief: bool = False
    """Whether days are written short, as in tables and pictures."""

    @classmethod
    def of(cls, visit: Visit, *, brief: bool = False) -> PeriodWords:
        """Return the words for a visit."""
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
        """Return the last day of a period, or the moment of an end inside a day, or words for an open end."""
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


class Kind(Word):
    """The kinds of stretches, which look different."""

    PAST = "past"
    BEGUN = "begun"
    """The past part of an amount in force; the rest of its bar carries the figure."""
    PRESENT = "present"
    COMING = "coming"
    GAP = "gap"


def kind_of(span: Span[Money], now: datetime) -> Kind:
    """Tell whether an amount has passed, is in force, or is to come."""
    if now in span.period:
        return Kind.PRESENT
    return Kind.COMING if span.period.start > now else Kind.PAST


@attrs.frozen
class Axis:
    """The places of moments from left to right: of the changes, and of the present among them."""

    moments: tuple[datetime, ...]
    places: tuple[float, ...]
    now: datetime

    @classmethod
    def over(cls, timelines: Iterable[Timeline[Money]], now: datetime) -> Axis:
        """Return the axis for the changes of some timelines, so that they can be compared."""
        spans = [span for timeline in timelines for span in timeline]
        bounds = {bound for span in spans for bound in (span.period.start, span.period.end) if bound is not None}
        passed = sorted(bound for bound in bounds if bound < now)[-MOST_PASSED:]
        moments = (*passed, now, *sorted(bound for bound in bounds if bound > now))
        return cls(moments, tuple(_places(moments)), now)

    def x(self, moment: datetime) -> float:
        """Return the place of one of the moments."""
        return self.places[self.moments.index(moment)]

    def stretches(self) -> Iterator[tuple[datetime, float, float]]:
        """Yield beginning, place and width of every stretch, the open end included."""
        edges = (*self.places, WIDTH)
        yield from (
            (moment, left, right - left) for moment, (left, right) in zip(self.moments, pairwise(edges), strict=True)
        )


@attrs.frozen
class Piece:
    """One bar, or one gap without an amount, with its description in words."""

    left: float
    width: float
    kind: Kind
    amount: str
    title: str


@attrs.frozen
class Mark:
    """A day below the bars, on one of a few lines so that no two touch; ``anchor`` keeps it inside the picture."""

    left: float
    day: str
    line: int
    anchor: str


@attrs.frozen
class TimelinePicture:
    """A timeline as a picture: bars and gaps, days, the present, and whether the last amount is open-ended."""

    pieces: tuple[Piece, ...]
    marks: tuple[Mark, ...]
    now: float
    is_open: bool

    @classmethod
    def of(cls, timeline: Timeline[Money], words: PeriodWords, axis: Axis) -> TimelinePicture:
        """Return the picture of a timeline on an axis."""
        last = timeline.spans[-1] if timeline.spans else None
        return cls(
            tuple(_pieces(timeline, words, axis)),
            tuple(_marks(axis, words)),
            axis.x(axis.now),
            last is not None and last.period.is_open,
        )

    @property
    def anchor(self) -> str:
        """The alignment of the word for the present to its place."""
        return _anchor(self.now)

    @property
    def lines(self) -> int:
        """The number of lines of days."""
        return max((mark.line for mark in self.marks), default=0) + 1


def _places(moments: Sequence[datetime]) -> Iterator[float]:
    """Yield a place for each moment, the first at the left edge."""
    lengths = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    least = min(LEAST, (WIDTH - TAIL) / max(len(lengths), 1))
    spare, total = WIDTH - TAIL - least * len(lengths), sum(lengths)
    place = 0.0
    yield place
    for length in lengths:
        place += least + spare * length / total
        yield round(place, 2)


def _pieces(timeline: Timeline[Money], words: PeriodWords, axis: Axis) -> Iterator[Piece]:
    stretches = ((timeline.at(moment), moment < axis.now, left, width) for moment, left, width in axis.stretches())
    for (span, has_passed), found in groupby(stretches, key=lambda stretch: stretch[:2]):
        together = list(found)
        left, width = together[0][2], round(sum(stretch[3] for stretch in together), 2)
        if span is None:
            nothing = words.texts("administration.amounts.nothing")
            yield Piece(left, width, Kind.GAP, "–", nothing)
        else:
            kind = kind_of(span, axis.now)
            kind = Kind.BEGUN if has_passed and kind is Kind.PRESENT else kind
            amount = words.texts.money(span.value)
            said = f"{amount}, {words.whole(span.period)}"
            yield Piece(left, width, kind, "" if kind is Kind.BEGUN else amount, said)


def _marks(axis: Axis, words: PeriodWords) -> Iterator[Mark]:
    """Yield the day of every change, each on the first line where it has room."""
    before = {"start": 0.0, "middle": DAY / 2, "end": DAY}
    ends: list[float] = []
    for moment, place in zip(axis.moments, axis.places, strict=True):
        if moment == axis.now:
            continue
        anchor = _anchor(place)
        begins = place - before[anchor]
        line = next((number for number, end in enumerate(ends) if end <= begins), len(ends))
        ends[line : line + 1] = [begins + DAY]
        yield Mark(place, words.short_day(moment), line, anchor)


def _anchor(place: float) -> str:
    if place < LEAST:
        return "start"
    return "end" if place > WIDTH - LEAST else "middle"
