"""A timeline of amounts as a picture: where its bars, gaps and days lie, in hundredths of the width.

The picture has no width of its own, so it fits a phone as well as a desk, with letters of the same size. For that its
scale is not even: every stretch between two changes is wide enough for an amount, and what room is left goes to the
long ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, pairwise
from typing import Final

import attrs

from examples.portal.administration.period_words import PeriodWords
from referral_core import Money, Span, Timeline
from referral_core.values.word import Word

WIDTH: Final = 100.0
TAIL: Final = 17.0
"""How much of the width is for what comes after the last change that is known."""
LEAST: Final = 13.0
"""How wide a stretch between two changes is at least, as long as there is room for all."""
MOST_PASSED: Final = 4
"""So many changes that have passed are drawn; the table has them all."""
DAY: Final = 23.0
"""How wide a day is, on a phone."""


class Kind(Word):
    """How a stretch looks."""

    PAST = "past"
    BEGUN = "begun"
    """The part that has passed of an amount in force; the rest of its bar carries the figure."""
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
    """Where moments lie from left to right: the changes, the present among them, and the places they have."""

    moments: tuple[datetime, ...]
    places: tuple[float, ...]
    now: datetime

    @classmethod
    def over(cls, timelines: Iterable[Timeline[Money]], now: datetime) -> Axis:
        """Return the axis on which the changes of some timelines have room, so that they can be compared."""
        spans = [span for timeline in timelines for span in timeline]
        bounds = {bound for span in spans for bound in (span.period.start, span.period.end) if bound is not None}
        passed = sorted(bound for bound in bounds if bound < now)[-MOST_PASSED:]
        moments = (*passed, now, *sorted(bound for bound in bounds if bound > now))
        return cls(moments, tuple(_places(moments)), now)

    def x(self, moment: datetime) -> float:
        """Return the place of one of the moments."""
        return self.places[self.moments.index(moment)]

    def stretches(self) -> Iterator[tuple[datetime, float, float]]:
        """Yield the beginning of every stretch, its place and its width, the open end among them."""
        edges = (*self.places, WIDTH)
        yield from (
            (moment, left, right - left) for moment, (left, right) in zip(self.moments, pairwise(edges), strict=True)
        )


@attrs.frozen
class Piece:
    """One bar, or one gap where nothing is given; ``title`` says it in words."""

    left: float
    width: float
    kind: Kind
    amount: str
    title: str


@attrs.frozen
class Mark:
    """A day below the bars, on one of a few lines so that no two touch; ``anchor`` keeps it inside of the picture."""

    left: float
    day: str
    line: int
    anchor: str


@attrs.frozen
class TimelinePicture:
    """What is drawn: bars and gaps, days, the present, and whether the last amount is open-ended."""

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
        """How the word for the present stands to its place."""
        return _anchor(self.now)

    @property
    def lines(self) -> int:
        """On how many lines the days stand."""
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
