"""The trace in memory, its seals, and what of it is published."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from heapq import nlargest
from operator import attrgetter

import attrs

from referral_adapters.memory.journal import Change, Journal, adding, setting
from referral_core.entities.seal import Head, Seal, SealedHead
from referral_core.entities.trace import Published, State, Subscription, TraceEntry, TraceNote

_Waiting = tuple[TraceNote, State | None, State | None]
"""A note that nobody has read yet, with copies of what was so before and after."""


class MemoryTrace:
    """The trace in memory: thread-safe, each call all-or-nothing, chained by subject (A2).

    Adding a note only puts it in its place; salt and hash are made when somebody first reads the chain, its head or,
    through the heads, a seal. Nobody can tell the difference: a row depends on its note, its salt and the rows before
    it only, and what was read once stays as it is. All writers share the store's one lock.

    A transaction has the store to itself, so rows are added in the order in which they are seen: the position of a
    published row is its place in that order, and all there is to keep is how many are published.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._rows: dict[str, list[_Waiting | TraceEntry]] = {}
        self._order: list[tuple[str, int]] = []
        self._seals: list[Seal] = []
        self._sealed: dict[int, list[SealedHead]] = {}
        self._sealed_of: dict[str, list[SealedHead]] = {}
        self._published: dict[None, int] = {}
        self._subscriptions: dict[str, Subscription] = {}

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

    def seal(self, at: datetime) -> Seal | None:
        """Set the next seal, over every head that moved since the seal before; ``None`` when none did."""
        with self._lock:
            moved = [head for head in self.heads() if self._has_moved(head[0], head[1])]
            if not moved:
                return None
            seal = Seal.over(moved, self._seals[-1] if self._seals else None, at)
            heads = [SealedHead(*head, seal.number) for head in moved]
            self._journal.write(
                *map(self._listing, heads), setting(self._sealed, seal.number, heads), adding(self._seals, seal)
            )
            return seal

    def seals(self, *, after: int = 0) -> Iterator[Seal]:
        """Yield every seal with a number above ``after``, in order, as they are at the call."""
        with self._lock:
            return iter(self._seals[after:])

    def sealed_heads(self, seal: int | None = None) -> Iterator[SealedHead]:
        """Yield the heads that a seal lists, in order of subject; those of all seals, by subject and then by number."""
        with self._lock:
            if seal is not None:
                return iter(self._sealed.get(seal, []))
            return iter([head for subject in sorted(self._sealed_of) for head in self._sealed_of[subject]])

    def publish(self, limit: int) -> int:
        """Give up to ``limit`` rows that have no position the next ones, and return how many got one."""
        with self._lock:
            last = self._published.get(None, 0)
            count = min(limit, len(self._order) - last)
            self._journal.write(setting(self._published, None, last + count))
            return count

    def published(self, after: int, limit: int) -> tuple[Published, ...]:
        """Return up to ``limit`` published rows with a position above ``after``, in order."""
        with self._lock:
            until = min(after + limit, self._published.get(None, 0))
            return tuple(
                Published(position, entry) for position, entry in enumerate(self.in_order(after, until), after + 1)
            )

    def subscription(self, name: str) -> Subscription | None:
        """Return the subscription of this name."""
        with self._lock:
            return self._subscriptions.get(name)

    def subscribe(self, name: str, position: int) -> bool:
        """Store a new subscription that begins above ``position``; ``False`` if there is one, which stays as it is."""
        with self._lock:
            if name in self._subscriptions:
                return False
            self._put(Subscription(name, position))
            return True

    def lease(self, name: str, *, at: datetime, until: datetime) -> Subscription | None:
        """Lease a subscription to the caller alone until a moment, and return it as it is now stored."""
        with self._lock:
            found = self._subscriptions.get(name)
            if found is None or not found.is_free(at):
                return None
            return self._put(attrs.evolve(found, leased_until=until))

    def settle(self, before: Subscription, after: Subscription) -> bool:
        """Store the next state of a subscription, which has the same name, if it is still as ``before`` says.

        :raises ValueError: it has another name.
        """
        if after.name != before.name:
            raise ValueError(f"{after.name} is no state of {before.name}")
        with self._lock:
            if self._subscriptions.get(before.name) != before:
                return False
            self._put(after)
            return True

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Return every subscription, by the code points of the name."""
        with self._lock:
            return tuple(self._subscriptions[name] for name in sorted(self._subscriptions))

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

    def _has_moved(self, subject: str, number: int) -> bool:
        sealed = self._sealed_of.get(subject)
        return sealed is None or sealed[-1].number != number

    def _listing(self, head: SealedHead) -> Change:
        sealed = self._sealed_of.get(head.subject)
        return setting(self._sealed_of, head.subject, [head]) if sealed is None else adding(sealed, head)

    def _put(self, subscription: Subscription) -> Subscription:
        self._journal.write(setting(self._subscriptions, subscription.name, subscription))
        return subscription


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
