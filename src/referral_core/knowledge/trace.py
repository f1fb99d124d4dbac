"""The trace as it was known."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from heapq import nlargest
from itertools import groupby, takewhile
from operator import attrgetter

import attrs

from referral_core.entities.seal import Head
from referral_core.entities.trace_entry import TraceEntry, TraceNote
from referral_core.knowledge.unwritable import unwritable
from referral_core.ports.trace import Trace


@attrs.frozen
class KnownTrace:
    """The port ``Trace`` as it stood: the beginning of every chain, up to the first row of a later moment.

    A row of an act that arrived late stands behind rows of later moments, and was known no earlier than they were. So
    a chain's beginning is a chain, and verifies.
    """

    trace: Trace
    by: datetime

    def append(self, *notes: TraceNote) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"trace of {', '.join(note.subject for note in notes)}")

    def chain(self, subject: str | None = None, *, after: tuple[str, int] | None = None) -> Iterator[TraceEntry]:
        """Yield a subject's rows that were known, in order, or those of every subject; ``after`` as in the port."""
        for _, rows in groupby(self.trace.chain(subject), attrgetter("subject")):
            for row in takewhile(lambda row: row.moment <= self.by, rows):
                if after is None or (row.subject, row.number) > after:
                    yield row

    def newest(self, subjects: Collection[str], by: datetime, limit: int) -> tuple[TraceEntry, ...]:
        """Return up to ``limit`` rows of some chains that were known, of moments up to ``by``, the newest first."""
        rows = [row for subject in set(subjects) for row in self.chain(subject) if row.moment <= by]
        return tuple(nlargest(limit, rows, key=attrgetter("moment", "subject", "number")))

    def heads(self) -> Iterator[Head]:
        """Yield the head of every chain as far as it was known, in order of subject."""
        for subject, _, _ in self.trace.heads():
            last = None
            for last in self.chain(subject):  # noqa: B007 - the last one is wanted
                pass
            if last is not None:
                yield subject, last.number, last.hash
