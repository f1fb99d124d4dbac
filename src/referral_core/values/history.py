"""Histories: the states of something, each with the moment it was recorded at (R3)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import attrs

S = TypeVar("S", covariant=True)  # noqa: PLC0105 - reads better than S_co in a signature


@attrs.frozen
class Recorded(Generic[S]):
    """A state of an entity, the moment at which it was recorded, and its number among the entity's states, from 1."""

    state: S
    recorded_at: datetime
    revision: int


def learned_at(at: datetime, last: datetime | None) -> datetime:
    """Return the moment of recording of an event at ``at``, when the last record on the same subject is of ``last``.

    A late arrival is recorded at the moment of the last record and never before it. So what was known at a moment
    never changes afterwards.

    >>> from datetime import UTC
    >>> learned_at(datetime(2021, 3, 1, tzinfo=UTC), datetime(2021, 4, 1, tzinfo=UTC)).month
    4
    """
    return at if last is None or last < at else last


def recorded_by(by: datetime, records: Sequence[Recorded[S]]) -> tuple[Recorded[S], ...]:
    """Return the records up to a moment."""
    return tuple(record for record in records if record.recorded_at <= by)


def known_at(records: Sequence[Recorded[S]], moment: datetime) -> Recorded[S] | None:
    """Return the record known at a moment: the last one recorded by then; ``records`` are in order."""
    place = bisect_right(records, moment, key=_recorded_at)
    return records[place - 1] if place else None


def present_during(records: Sequence[Recorded[S]], moment: datetime) -> tuple[Recorded[S], ...]:
    """Return the records that were current at some time during a moment, the last one first.

    There are several when more than one act shares the moment; the first one returned is the one known at it.
    """
    first = max(bisect_left(records, moment, key=_recorded_at) - 1, 0)
    return tuple(reversed(records[first : bisect_right(records, moment, key=_recorded_at)]))


def grounds(
    records: Sequence[Recorded[S]], moment: datetime, bear: Callable[[S], bool]
) -> tuple[Recorded[S] | None, bool]:
    """Return the record that justifies a decision recorded at ``moment``, and whether it was recorded after it.

    That is a record current during the moment whose state bears the decision out; else the first later record that
    does, because an act that arrives late is decided by what is recorded by then. Without any it is the record known
    at the moment.
    """
    present = present_during(records, moment)
    # Records are stored in order of recording, so the first later match is the earliest justification.
    later = [record for record in records if record.recorded_at > moment]
    for is_late, candidates in ((False, present), (True, later)):
        for record in candidates:
            if bear(record.state):
                return record, is_late
    return (present[0] if present else None), False


def _recorded_at(record: Recorded[object]) -> datetime:
    return record.recorded_at
