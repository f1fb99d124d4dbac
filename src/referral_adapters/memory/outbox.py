"""The outbox in memory."""

from __future__ import annotations

from referral_adapters.memory.journal import Journal, setting
from referral_adapters.memory.trace import MemoryTrace
from referral_core.entities.published import Published


class MemoryOutbox:
    """The port ``Outbox`` in memory: thread-safe, each call all-or-nothing.

    A transaction has the store to itself, so rows are added in the order in which they are seen: a row's position is
    its place in that order, and all there is to keep is how many are published.
    """

    def __init__(self, journal: Journal, trace: MemoryTrace) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._trace = trace
        self._published: dict[None, int] = {}

    def publish(self, limit: int) -> int:
        """Give up to ``limit`` rows that have no position the next ones, and return how many got one."""
        with self._lock:
            last = self._published.get(None, 0)
            count = min(limit, self._trace.count() - last)
            self._journal.write(setting(self._published, None, last + count))
            return count

    def read(self, after: int, limit: int) -> tuple[Published, ...]:
        """Return up to ``limit`` published rows with a position above ``after``, in order."""
        with self._lock:
            until = min(after + limit, self._published.get(None, 0))
            return tuple(
                Published(position, entry)
                for position, entry in enumerate(self._trace.in_order(after, until), after + 1)
            )
