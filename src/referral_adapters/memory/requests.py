"""Events and answers in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import attrs

from referral_adapters.memory.journal import Change, Journal, removing, setting
from referral_core.entities.actor import Role
from referral_core.ports.requests import Answer, CustomerNames, asker_of


class MemoryRequests:
    """Events and answers in memory: thread-safe, each call all or nothing; an event and a key count once (B2).

    A transaction has the store to itself, so whoever claims a key that another transaction has claimed waits for the
    end of that transaction.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._digests: dict[tuple[str, str], str] = {}
        self._answers: dict[tuple[str, str], Answer] = {}

    def event(self, source: str, id: str) -> str | None:  # noqa: A002 - CloudEvents' own word
        """Return the digest of the event that took effect under this source and id."""
        with self._lock:
            return self._digests.get((source, id))

    def add_event(self, source: str, id: str, digest: str) -> bool:  # noqa: A002
        """Store that an event takes effect, in the transaction of its effect; ``False`` if it took effect before."""
        with self._lock:
            if (source, id) in self._digests:
                return False
            self._journal.write(setting(self._digests, (source, id), digest))
            return True

    def answer(self, asker: str, key: str) -> Answer | None:
        """Return the answer under this key; its text is ``None`` from the claim until the answer is filled in."""
        with self._lock:
            return self._answers.get((asker, key))

    def claim(self, asker: str, key: str, digest: str, *, at: datetime) -> bool:
        """Claim a key, in the transaction of the act; ``False`` if the key is taken, and nothing changes."""
        with self._lock:
            if (asker, key) in self._answers:
                return False
            self._journal.write(setting(self._answers, (asker, key), Answer(digest, None, at)))
            return True

    def fill(self, asker: str, key: str, text: str) -> None:
        """Store the text of the answer beside the claim, in the transaction that made the claim.

        :raises ValueError: the key is not claimed, or has its answer already.
        """
        with self._lock:
            claimed = self._answers.get((asker, key))
            if claimed is None or claimed.text is not None:
                raise ValueError("an answer is kept once, under a key that was claimed")
            self._journal.write(setting(self._answers, (asker, key), attrs.evolve(claimed, text=text)))

    def forget(self, before: datetime) -> int:
        """Remove the answers and claims of before a moment, so that their keys are free, and return their number."""
        with self._lock:
            old = [place for place, answer in self._answers.items() if answer.at < before]
            self._journal.write(*[removing(self._answers, place) for place in old])
            return len(old)

    def erasing(self, names: CustomerNames) -> Iterator[Change]:
        """Yield the changes that remove every answer to a customer or about one (A5); the caller holds the lock."""
        own = asker_of(Role.CUSTOMER, names.customer)
        for (asker, key), answer in self._answers.items():
            if asker == own or names.are_in(answer.text):
                yield removing(self._answers, (asker, key))
