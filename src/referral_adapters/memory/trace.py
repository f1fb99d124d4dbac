"""The trace in memory: rows in chains, seals over them, published rows and subscriptions to them."""

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

_Unread = tuple[TraceNote, State | None, State | None]
"""A note that nobody has read yet, with copies of its states before and after."""


class MemoryTrace:
    """The trace in memory: thread-safe, each call all or nothing, with one chain per subject (A2).

    A note gets its salt and its hash at the first reading of its chain, of the chain's head or, through the heads, of a
    seal. That makes no difference to any reader: a row depends only on its note, its salt and the rows before it, and a
    row that was read once never changes. It makes writing cheap.

    A transaction has the store to itself, so rows become visible in the order of adding. The position of a published
    row is its place in that order, and the number of published rows is all that is kept of publishing.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._rows: dict[str, list[_Unread | TraceEntry]] = {}
        self._order: list[tuple[str, int]] = []
        self._seals: list[Seal] = []
        self._sealed: dict[int, list[SealedHead]] = {}
        self._sealed_of: dict[str, list[SealedHead]] = {}
        self._published: dict[None, int] = {}
        self._subscriptions: dict[str, Subscription] = {}

    def append(self, *notes: TraceNote) -> None:
        """Add notes, all or none, each at the end of the chain of its subject; their rows are made when they are read.

        The states of a note are copied at once, so later changes to the caller's mappings change no row.
        """
        if len(notes) == 1:
            self._append(notes[0])
            return
        with self._journal:
            for note in notes:
                self._append(note)

    def _append(self, note: TraceNote) -> None:
        before = None if note.before is None else dict(note.before)
        after = None if note.after is None else dict(note.after)
        row: _Unread | TraceEntry = (note, before, after)
        with self._lock:
            rows = self._rows.get(note.subject)
            self._journal.write(
                setting(self._rows, note.subject, [row]) if rows is None else adding(rows, row),
                adding(self._order, (note.subject, 0 if rows is None else len(rows))),
            )

    def chain(self, subject: str | None = None, *, after: tuple[str, int] | None = None) -> Iterator[TraceEntry]:
        """Yield the rows of a subject as they are at the call, above the place ``after`` where that is given.

        Without a subject, yield the chains of all subjects of the moment of the call, each as it is at its turn.
        """
        if subject is not None:
            return (row for row in self._read(subject) if after is None or (row.subject, row.number) > after)
        with self._lock:
            subjects = sorted(self._rows)
        rows = (row for each in subjects if after is None or each >= after[0] for row in self._read(each))
        return (row for row in rows if after is None or (row.subject, row.number) > after)

    def newest(self, subjects: Collection[str], by: datetime, limit: int) -> tuple[TraceEntry, ...]:
        """Return the ``limit`` newest rows of some chains at or before ``by``, the newest first.

        Every row of those chains is looked at.
        """
        with self._lock:
            rows = [row for subject in set(subjects) for row in self._read(subject) if row.moment <= by]
        return tuple(nlargest(limit, rows, key=attrgetter("moment", "subject", "number")))

    def _read(self, subject: str) -> list[TraceEntry]:
        with self._lock:
            rows = self._rows.get(subject, [])
            _chain(rows)
            return [row for row in rows if isinstance(row, TraceEntry)]

    def heads(self) -> Iterator[Head]:
        """Yield the heads of all chains as they are at the call, in order of subject."""
        with self._lock:
            lasts = [_chain(self._rows[subject]) for subject in sorted(self._rows)]
        return iter([(last.subject, last.number, last.hash) for last in lasts if last])

    def seal(self, at: datetime) -> Seal | None:
        """Set a seal over the heads that have moved since the last seal, and return it; ``None`` if none has."""
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
        """Yield the seals with a number above ``after`` as they are at the call, in order."""
        with self._lock:
            return iter(self._seals[after:])

    def sealed_heads(self, seal: int | None = None) -> Iterator[SealedHead]:
        """Yield the heads under one seal in order of subject, or those of all seals by subject and then number."""
        with self._lock:
            if seal is not None:
                return iter(self._sealed.get(seal, []))
            return iter([head for subject in sorted(self._sealed_of) for head in self._sealed_of[subject]])

    def publish(self, limit: int) -> int:
        """Publish the next ``limit`` rows in the order of adding, or all that are left, and return their number."""
        with self._lock:
            last = self._published.get(None, 0)
            count = min(limit, len(self._order) - last)
            self._journal.write(setting(self._published, None, last + count))
            return count

    def published(self, after: int, limit: int) -> tuple[Published, ...]:
        """Return the next ``limit`` published rows above a position, in order."""
        with self._lock:
            until = min(after + limit, self._published.get(None, 0))
            return tuple(
                Published(position, entry) for position, entry in enumerate(self.in_order(after, until), after + 1)
            )

    def subscription(self, name: str) -> Subscription | None:
        """Return the subscription of this name in its last state."""
        with self._lock:
            return self._subscriptions.get(name)

    def subscribe(self, name: str, position: int) -> bool:
        """Store a new subscription from ``position`` on; ``False`` if the name is known, and nothing changes."""
        with self._lock:
            if name in self._subscriptions:
                return False
            self._put(Subscription(name, position))
            return True

    def lease(self, name: str, *, at: datetime, until: datetime) -> Subscription | None:
        """Lease a free subscription until a moment, and return its new state; ``None`` if it is not free at ``at``."""
        with self._lock:
            found = self._subscriptions.get(name)
            if found is None or not found.is_free(at):
                return None
            return self._put(attrs.evolve(found, leased_until=until))

    def settle(self, before: Subscription, after: Subscription) -> bool:
        """Replace a subscription by its next state if its stored state is ``before``; else ``False``.

        :raises ValueError: the next state has another name.
        """
        if after.name != before.name:
            raise ValueError(f"{after.name} is no state of {before.name}")
        with self._lock:
            if self._subscriptions.get(before.name) != before:
                return False
            self._put(after)
            return True

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Return all subscriptions by the code points of their names."""
        with self._lock:
            return tuple(self._subscriptions[name] for name in sorted(self._subscriptions))

    def in_order(self, start: int, end: int) -> Iterator[TraceEntry]:
        """Yield the rows from one place up to another in the order of adding; the caller holds the lock."""
        for subject, place in self._order[start:end]:
            rows = self._rows[subject]
            _chain(rows)
            yield from (row for row in rows[place : place + 1] if isinstance(row, TraceEntry))

    def erasing(self, concerns: Callable[[TraceEntry], bool], owns: Callable[[str], bool]) -> Iterator[Change]:
        """Yield the changes that remove the personal part of every row for which ``concerns`` is true (A5).

        Rows on the chains that the customer ``owns`` lose the owner as well. The caller holds the lock. Chains get new
        lists, so that undoing finds the old lists as they were.
        """
        for subject, rows in self._rows.items():
            _chain(rows)
            entries = [row for row in rows if isinstance(row, TraceEntry)]
            erased: list[_Unread | TraceEntry] = [row.erased() if concerns(row) else row for row in entries]
            if owns(subject):
                erased = [row.without_owner() for row in erased if isinstance(row, TraceEntry)]
            if erased != entries:
                yield setting(self._rows, subject, erased)

    def entries(self) -> Iterator[TraceEntry]:
        """Yield every row of every chain, chain after chain in no order; the caller holds the lock."""
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


def _chain(rows: list[_Unread | TraceEntry]) -> TraceEntry | None:
    """Replace every unread note of a chain by its entry, and return the last entry.

    The journal need not undo this: a row that is undone takes its entry with it, and the entry of a row that stays is
    what it would have been at the time of adding.
    """
    chained = next((count for count in range(len(rows), 0, -1) if isinstance(rows[count - 1], TraceEntry)), 0)
    last: TraceEntry | None = None
    for place in range(max(chained - 1, 0), len(rows)):
        row = rows[place]
        last = row if isinstance(row, TraceEntry) else TraceEntry.chained(_note(row), last, secrets.token_hex(16))
        rows[place] = last
    return last


def _note(row: _Unread) -> TraceNote:
    note, before, after = row
    return attrs.evolve(note, before=before, after=after)
