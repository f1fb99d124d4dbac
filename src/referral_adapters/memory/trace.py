"""The trace in memory."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import attrs

from referral_adapters.memory.journal import Journal, adding, setting
from referral_core.entities.seal import Head, Seal
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
        self._seals: list[Seal] = []

    def append(self, note: TraceNote) -> None:
        """Add a note as the next row of its subject's chain, salted with fresh randomness."""
        # States are copied, for a caller may go on to change what it gave; most are small.
        before = None if note.before is None else dict(note.before)
        after = None if note.after is None else dict(note.after)
        row: _Waiting | TraceEntry = (note, before, after)
        with self._lock:
            rows = self._rows.get(note.subject)
            self._journal.write(setting(self._rows, note.subject, [row]) if rows is None else adding(rows, row))

    def chain(self, subject: str) -> Iterator[TraceEntry]:
        """Yield a subject's rows in order, as they are at the call."""
        with self._lock:
            rows = self._rows.get(subject, [])
            _chain(rows)
            return iter([row for row in rows if isinstance(row, TraceEntry)])

    def heads(self) -> Iterator[Head]:
        """Yield the head of every chain, in order of subject, as they are at the call."""
        with self._lock:
            lasts = [_chain(self._rows[subject]) for subject in sorted(self._rows)]
        return iter([(last.subject, last.number, last.hash) for last in lasts if last])

    def add_seal(self, seal: Seal) -> None:
        """Add a seal after the ones before it.

        :raises ValueError: its number is not the next, because another seal came first.
        """
        with self._lock:
            if seal.number != len(self._seals) + 1:
                raise ValueError(f"seal {seal.number} does not follow {len(self._seals)} seals")
            self._journal.write(adding(self._seals, seal))

    def seals(self) -> tuple[Seal, ...]:
        """Return all seals in order."""
        with self._lock:
            return tuple(self._seals)


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
