"""Records: every state that something was in, with the moment each was recorded at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Generic, TypeVar

import attrs

from referral_adapters.memory.journal import Change, adding, setting
from referral_core.values.history import Recorded, learned_at

S = TypeVar("S")


class Records(Generic[S]):
    """The states recorded on all subjects of one kind, kept for ever, in the order in which they were recorded.

    ``thing`` tells of which thing on its subject a state is: the states of each are counted apart.
    """

    def __init__(self, thing: Callable[[S], str]) -> None:
        self._thing = thing
        self._records: dict[str, list[Recorded[S]]] = {}

    def recording(self, subject: str, state: S, at: datetime) -> Change:
        """Return the change that records one more state, never before the last one on its subject."""
        records = self._records.get(subject)
        if records is None:
            return setting(self._records, subject, [Recorded(state, at, 1)])
        thing = self._thing(state)
        revision = 1 + sum(self._thing(record.state) == thing for record in records)
        return adding(records, Recorded(state, learned_at(at, records[-1].recorded_at), revision))

    def erasing(self, erased: Callable[[S], S]) -> Iterator[Change]:
        """Yield the changes that put what ``erased`` makes of a state in its place, where that is another one (A5)."""
        for subject, records in self._records.items():
            anew = [attrs.evolve(record, state=erased(record.state)) for record in records]
            if anew != records:
                yield setting(self._records, subject, anew)

    def of(self, subject: str) -> tuple[Recorded[S], ...]:
        """Return every state recorded on a subject, first to last; empty if there is none."""
        return tuple(self._records.get(subject, ()))
