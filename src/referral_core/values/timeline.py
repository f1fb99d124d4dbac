"""Timelines: values over periods that never overlap. The no-overlap rule is implemented here and nowhere else."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Generic, TypeVar

import attrs

from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason, Refusal

V = TypeVar("V", covariant=True)  # noqa: PLC0105 - reads better than V_co in a signature


@attrs.frozen
class Span(Generic[V]):
    """A value and the period it holds for."""

    period: EffectivePeriod
    value: V


def _in_order(spans: Iterable[Span[V]]) -> tuple[Span[V], ...]:
    return tuple(sorted(spans, key=lambda span: span.period.start))


def overlap(new: EffectivePeriod, other: EffectivePeriod) -> Refusal:
    """Return the refusal of ``new`` because it overlaps ``other``, naming both (D3, C6)."""
    return Refusal(
        Reason.PERIOD_OVERLAP, message=f"the period {new.shown} overlaps the one {other.shown}", field="period"
    )


@attrs.frozen
class Timeline(Generic[V]):
    """Values over time: spans in order of start, no two of which overlap; gaps are allowed (C6, D3).

    A timeline is immutable; its methods return the next one. A change that would make two periods overlap is refused
    with ``period-overlap``, naming both.
    """

    spans: tuple[Span[V], ...] = attrs.field(default=(), converter=_in_order)
    _starts: tuple[datetime, ...] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        for earlier, later in zip(self.spans, self.spans[1:], strict=False):
            if earlier.period.overlaps(later.period):
                raise overlap(later.period, earlier.period)
        # Kept for the bisection in `at`, which every check of a code runs.
        object.__setattr__(self, "_starts", tuple(span.period.start for span in self.spans))

    def __iter__(self) -> Iterator[Span[V]]:
        return iter(self.spans)

    def __len__(self) -> int:
        return len(self.spans)

    def at(self, moment: datetime) -> Span[V] | None:
        """Return the span in force at ``moment``, or ``None`` in a gap."""
        place = bisect_right(self._starts, moment)
        if not place:
            return None
        span = self.spans[place - 1]
        return span if span.period.end is None or moment < span.period.end else None

    def overlapping(self, period: EffectivePeriod) -> tuple[Span[V], ...]:
        """Return the spans that share a moment with ``period``, in order."""
        return tuple(span for span in self.spans if span.period.overlaps(period))

    def within(self, period: EffectivePeriod) -> tuple[Span[V], ...]:
        """Return the spans within ``period``, in order, each cut to its part of the period."""
        parts = ((span, span.period.common_with(period)) for span in self.spans)
        return tuple(Span(part, span.value) for span, part in parts if part is not None)

    def adding(self, period: EffectivePeriod, value: V) -> Timeline[V]:  # type: ignore[misc]  # a frozen container
        """Return this timeline with one more span, which must not overlap any other."""
        for other in self.overlapping(period):
            raise overlap(period, other.period)
        return Timeline((*self.spans, Span(period, value)))

    def entering(self, period: EffectivePeriod, value: V) -> Timeline[V]:  # type: ignore[misc]
        """Return this timeline with ``value`` entered for ``period`` by the rule for later entries (D4).

        Inside an open-ended span that starts earlier, an open-ended entry closes that span at its start, and an
        entry with an end splits it, so that the earlier value resumes afterwards. Any other overlap is refused.
        """
        for other in self.overlapping(period):
            if not other.period.is_open or other.period.start >= period.start:
                raise overlap(period, other.period)
        return self.displacing(period, value)

    def displacing(self, period: EffectivePeriod, value: V) -> Timeline[V]:  # type: ignore[misc]
        """Return this timeline with ``value`` in force for all of ``period``; overlapped spans are cut back (D5)."""
        kept = [Span(rest, span.value) for span in self.spans for rest in span.period.without(period)]
        return Timeline((*kept, Span(period, value)))

    def moving(self, moves: Mapping[EffectivePeriod, EffectivePeriod]) -> Timeline[V]:
        """Return this timeline with spans moved to other periods, all in one step.

        Only the final periods must not overlap, so adjacent spans can move together.

        :raises KeyError: a period to be moved is not one of this timeline's.
        """
        unknown = moves.keys() - {span.period for span in self.spans}
        if unknown:
            raise KeyError(f"no span has the period {min(map(str, unknown))}")
        return Timeline(Span(moves.get(span.period, span.period), span.value) for span in self.spans)

    def _repr_html_(self) -> str:
        """Draw the timeline as a small picture for a notebook."""
        from referral_core.values.notebook import timeline_picture  # noqa: PLC0415 - only in notebooks

        return timeline_picture(self)
