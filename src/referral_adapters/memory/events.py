"""Events in memory."""

from __future__ import annotations

from referral_adapters.memory.journal import Journal, setting


class MemoryEvents:
    """The port ``Events`` in memory: thread-safe, each call all-or-nothing, one effect for each source and id."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._digests: dict[tuple[str, str], str] = {}

    def find(self, source: str, id: str) -> str | None:  # noqa: A002 - CloudEvents' own word
        """Return the digest of the event that took effect under this source and id, if one did."""
        with self._lock:
            return self._digests.get((source, id))

    def add(self, source: str, id: str, digest: str) -> bool:  # noqa: A002
        """Store that an event takes effect, in the transaction of its effect; ``False`` if another was quicker."""
        with self._lock:
            if (source, id) in self._digests:
                return False
            self._journal.write(setting(self._digests, (source, id), digest))
            return True
