"""The trace in memory."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from heapq import nlargest
from operator import attrgetter

import attrs

from referral_adapters.memory.journal import Change, Journal, adding, setting
from referral_core.entities.seal import Head
from referral_core.entities.trace_entry import State, TraceEntry, TraceNote

_Waiting = tuple[TraceNote, State | None, State | None]
"""A note that nobody has read yet, with copies of what was so before and after."""


class MemoryTrace:
    """The port ``Trace`` in memory: thread-safe, each call all-or-nothing, chained by subject (A2).

    Adding a note only puts it in its place; salt and hash are made when somebody first reads the chain, its head or,
    through the heads, a seal. Nobody can tell the difference: a row depends on its note, its salt and the rows before
    it only, and what was read once stays as it is. All writers share the store's one lock.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._rows: dict[str, list[_Waiting | TraceEntry]] = {}
        self._order: list[tuple[str, int]] = []

    def append(self, *notes: TraceNote) -> None:
        """Add notes, all or none, each as the next row of its subject's chain, salted with fresh randomness."""
        if len(notes) == 1:
            self._append(notes[0])
            return
        with self._journal:
            for note in notes:
                self._append(note)

    def _append(self, note: TraceNote) -> None:
        # States are copied, for a caller may go on to change what it gave; most are small.
        before = None if note.before is None else dict(note.before)
        after = None if note.after is None else dict(note.after)
        row: _Waiting | TraceEntry = (note, before, after)
        with self._lock:
            rows = self._rows.get(note.subject)
            self._journal.write(
                setting(self._rows, note.subject, [row]) if rows is None else adding(rows, row),
                adding(self._order, (note.subject, 0 if rows is None else len(rows))),
            )

    def chain(self, subject: str | None = None, *, after: tuple[str, int] | None = None) -> Iterator[TraceEntry]:
        """Yield a subject's rows in order, as they are at the call; those of every subject when none is named.

        Of every subject that there is at the call, each chain is as it is when its turn comes.
        """
        if subject is not None:
            return (row for row in self._read(subject) if after is None or (row.subject, row.number) > after)
        with self._lock:
            subjects = sorted(self._rows)
        rows = (row for each in subjects if after is None or each >= after[0] for row in self._read(each))
        return (row for row in rows if after is None or (row.subject, row.number) > after)

    def newest(self, subjects: Collection[str], by: datetime, limit: int) -> tuple[TraceEntry, ...]:
        """Return up to ``limit`` rows of some chains, of moments up to ``by``, the newest first."""
        with self._lock:
            rows = [row for subject in set(subjects) for row in self._read(subject) if row.moment <= by]
        return tuple(nlargest(limit, rows, key=attrgetter("moment", "subject", "number")))

    def _read(self, subject: str) -> list[TraceEntry]:
        with self._lock:
            rows = self._rows.get(subject, [])
            _chain(rows)
            return [row for row in rows if isinstance(row, TraceEntry)]

    def heads(self) -> Iterator[Head]:
        """Yield the head of every chain, in order of subject, as they are at the call."""
        with self._lock:
            lasts = [_chain(self._rows[subject]) for subject in sorted(self._rows)]
        return iter([(last.subject, last.number, last.hash) for last in lasts if last])

    def count(self) -> int:
        """Return how many rows there are; the caller holds the lock."""
        return len(self._order)

    def in_order(self, start: int, end: int) -> Iterator[TraceEntry]:
        """Yield rows in the order in which all were added, from one place up to another; the caller holds the lock."""
        for subject, place in self._order[start:end]:
            rows = self._rows[subject]
            _chain(rows)
            yield from (row for row in rows[place : place + 1] if isinstance(row, TraceEntry))

    def erasing(self, concerns: Callable[[TraceEntry], bool]) -> Iterator[Change]:
        """Yield the changes that take the personal part from every row that ``concerns`` somebody (A5).

        The caller holds the lock and makes them. Chains get new lists, so that undoing finds the old ones as they were.
        """
        for subject, rows in self._rows.items():
            _chain(rows)
            entries = [row for row in rows if isinstance(row, TraceEntry)]
            erased: list[_Waiting | TraceEntry] = [row.erased() if concerns(row) else row for row in entries]
            if erased != entries:
                yield setting(self._rows, subject, erased)

    def entries(self) -> Iterator[TraceEntry]:
        """Yield every row of every chain, in no order; the caller holds the lock."""
        for rows in self._rows.values():
            _chain(rows)
            yield from (row for row in rows if isinstance(row, TraceEntry))


def _chain(rows: list[_Waiting | TraceEntry]) -> TraceEntry | None:
    """Turn every note that waits into an entry, and return the last entry.

    This is no change to be undone: rows that go back to not being there take their entries with them, and the entries
    of rows that stay are what they would have been at once.
    """
    chained = next((count for count in range(len(rows), 0, -1) if isinstance(rows[count - 1], TraceEntry)), 0)
    last: TraceEntry | None = None
    for place in range(max(chained - 1, 0), len(rows)):
        row = rows[place]
        last = row if isinstance(row, TraceEntry) else TraceEntry.chained(_note(row), last, secrets.token_hex(16))
        rows[place] = last
    return last


def _note(row: _Waiting) -> TraceNote:
    note, before, after = row
    return attrs.evolve(note, before=before, after=after)
