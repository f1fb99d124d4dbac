"""Seals in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from referral_adapters.memory.journal import Change, Journal, adding, setting
from referral_adapters.memory.trace import MemoryTrace
from referral_core.entities.seal import Seal, SealedHead


class MemorySeals:
    """The port ``Seals`` in memory: thread-safe, each call all-or-nothing (A2)."""

    def __init__(self, journal: Journal, trace: MemoryTrace) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._trace = trace
        self._seals: list[Seal] = []
        self._heads: dict[int, list[SealedHead]] = {}
        self._of_subject: dict[str, list[SealedHead]] = {}

    def set(self, at: datetime) -> Seal | None:
        """Set the next seal, over every head that moved since the seal before; ``None`` when none did."""
        with self._lock:
            moved = [head for head in self._trace.heads() if self._has_moved(head[0], head[1])]
            if not moved:
                return None
            seal = Seal.over(moved, self._seals[-1] if self._seals else None, at)
            heads = [SealedHead(*head, seal.number) for head in moved]
            self._journal.write(
                *map(self._listing, heads), setting(self._heads, seal.number, heads), adding(self._seals, seal)
            )
            return seal

    def all(self, *, after: int = 0) -> Iterator[Seal]:
        """Yield every seal with a number above ``after``, in order, as they are at the call."""
        with self._lock:
            return iter(self._seals[after:])

    def heads(self, seal: int | None = None) -> Iterator[SealedHead]:
        """Yield the heads that a seal lists, in order of subject; those of all seals, by subject and then by number."""
        with self._lock:
            if seal is not None:
                return iter(self._heads.get(seal, []))
            return iter([head for subject in sorted(self._of_subject) for head in self._of_subject[subject]])

    def _has_moved(self, subject: str, number: int) -> bool:
        sealed = self._of_subject.get(subject)
        return sealed is None or sealed[-1].number != number

    def _listing(self, head: SealedHead) -> Change:
        sealed = self._of_subject.get(head.subject)
        return setting(self._of_subject, head.subject, [head]) if sealed is None else adding(sealed, head)
