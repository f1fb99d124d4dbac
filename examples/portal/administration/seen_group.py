"""A group as administrators see it: what it gives now, its amounts over time, and a stamp of its state."""

from __future__ import annotations

from hashlib import sha256

import attrs

from examples.portal.administration.period_words import PeriodWords
from examples.portal.administration.timeline_picture import Axis, Kind, TimelinePicture, kind_of
from examples.portal.visit import Visit
from referral_core import DiscountGroup, Money, Span, Timeline
from referral_core.entities.discount_group import GroupStatus


@attrs.frozen
class AmountLine:
    """One line of the table of amounts; ``note`` is the key of what became of it, where that is told."""

    start: str
    last: str
    amount: str
    kind: Kind
    note: str | None = None


@attrs.frozen
class SeenGroup:
    """A group, with what is shown of it at the present moment."""

    group: DiscountGroup
    status: GroupStatus
    amount: Money | None
    picture: TimelinePicture
    lines: tuple[AmountLine, ...]

    @classmethod
    def of(cls, group: DiscountGroup, visit: Visit) -> SeenGroup:
        """Return what is shown of a group to whoever visits."""
        words, now = PeriodWords.of(visit), visit.world.clock.now
        terms = group.terms_at(now)
        picture = TimelinePicture.of(group.amounts, words, Axis.over([group.amounts], now))
        return cls(group, terms.status, terms.amount, picture, lines_of(group.amounts, visit))

    @property
    def stamp(self) -> str:
        """What forms carry, so that a group is not changed by somebody who saw another state of it."""
        return stamp_of(self.group)


def stamp_of(group: DiscountGroup) -> str:
    """Return a digest of a group's whole state."""
    return sha256(repr(group).encode()).hexdigest()[:24]


def lines_of(amounts: Timeline[Money], visit: Visit, before: Timeline[Money] | None = None) -> tuple[AmountLine, ...]:
    """Return the lines of a table of amounts; compared with those ``before``, each with what became of it."""
    words, now = PeriodWords.of(visit, brief=True), visit.world.clock.now
    return tuple(
        AmountLine(
            words.start(span.period),
            words.last(span.period),
            visit.texts.money(span.value),
            kind_of(span, now),
            None if before is None else _became(span, before),
        )
        for span in amounts
    )


def _became(span: Span[Money], before: Timeline[Money]) -> str | None:
    """Return in a word what became of an amount: nothing, it is new, it ends earlier, or it goes on afterwards."""
    if span in before.spans:
        return None
    earlier = before.at(span.period.start)
    if earlier is None or earlier.value != span.value:
        return "new"
    return "shortened" if earlier.period.start == span.period.start else "resumes"
