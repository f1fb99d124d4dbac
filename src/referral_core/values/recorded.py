"""What was known when: states, each with the moment it was recorded at (R3)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import attrs

S = TypeVar("S", covariant=True)  # noqa: PLC0105 - reads better than S_co in a signature


@attrs.frozen
class Recorded(Generic[S]):
    """A state that something was in, the moment it was recorded at, and its number among its states, from 1."""

    state: S
    recorded_at: datetime
    revision: int


def learned_at(at: datetime, last: datetime | None) -> datetime:
    """Return the moment at which what happened at ``at`` is recorded, after a record of ``last`` on the same subject.

    What arrives late was learned after what is there already, so it is recorded at the last record's moment and never
    before it: what was known at a moment does not change any more.

    >>> from datetime import UTC
    >>> learned_at(datetime(2021, 3, 1, tzinfo=UTC), datetime(2021, 4, 1, tzinfo=UTC)).month
    4
    """
    return at if last is None or last < at else last


def known_at(records: Sequence[Recorded[S]], moment: datetime) -> Recorded[S] | None:
    """Return what was known at a moment: of records in order the last one recorded by then, if there was any."""
    place = bisect_right(records, moment, key=_recorded_at)
    return records[place - 1] if place else None


def present_during(records: Sequence[Recorded[S]], moment: datetime) -> tuple[Recorded[S], ...]:
    """Return the records that were the present one at some time of a moment, the last one first.

    There are several when more than one act shares the moment; the first of those returned is the one known at it.
    """
    first = max(bisect_left(records, moment, key=_recorded_at) - 1, 0)
    return tuple(reversed(records[first : bisect_right(records, moment, key=_recorded_at)]))


def grounds(
    records: Sequence[Recorded[S]], moment: datetime, bear: Callable[[S], bool]
) -> tuple[Recorded[S] | None, bool]:
    """Return the record that something recorded at ``moment`` was judged by, and whether it was recorded after that.

    It is one of those present during the moment whose state bears it out; else the first later one that does, for an
    act that arrives late is judged by what is there by then. If none does, it is the one known at the moment.
    """
    present = present_during(records, moment)
    later = [record for record in records if record.recorded_at > moment]
    for is_late, candidates in ((False, present), (True, later)):
        for record in candidates:
            if bear(record.state):
                return record, is_late
    return (present[0] if present else None), False


def _recorded_at(record: Recorded[object]) -> datetime:
    return record.recorded_at
