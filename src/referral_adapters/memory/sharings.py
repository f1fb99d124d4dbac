"""Sharings in memory."""

from __future__ import annotations

from datetime import datetime

from referral_adapters.memory.journal import Journal, adding, setting
from referral_core.entities.sharing import Sharing


class MemorySharings:
    """The port ``Sharings`` in memory: thread-safe, each call all-or-nothing (T2)."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._of_account: dict[str, list[Sharing]] = {}

    def add(self, sharing: Sharing) -> None:
        """Store one sharing."""
        with self._lock:
            known = self._of_account.get(sharing.account)
            self._journal.write(
                setting(self._of_account, sharing.account, [sharing]) if known is None else adding(known, sharing)
            )

    def count_of(self, account: str, *, by: datetime | None = None) -> int:
        """Return how often codes of this account were shared, at or before ``by`` where that is given."""
        with self._lock:
            sharings = self._of_account.get(account, ())
            return len(sharings) if by is None else sum(sharing.at <= by for sharing in sharings)

    def of_account(self, account: str) -> tuple[Sharing, ...]:
        """Return the sharings of this account's codes in the order they were added."""
        with self._lock:
            return tuple(self._of_account.get(account, ()))
