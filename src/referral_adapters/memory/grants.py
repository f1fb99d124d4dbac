"""Grants and reversals in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice, takewhile
from typing import Generic, TypeVar

from referral_adapters.memory.journal import Change, Journal, KeyOrder, adding, removing, setting
from referral_core.entities.grant import Grant
from referral_core.entities.reversal import Reversal
from referral_core.ports.grants import Posting

P = TypeVar("P", bound=Posting)
_Wait = tuple[datetime, str]
"""The moment until which a posting waits, and its key."""


class MemoryPostings(Generic[P]):
    """Grants or reversals in memory: thread-safe, each call all or nothing, one posting a key.

    What is not settled, and what waits until when, is kept beside the postings, so that a payer's page costs little
    more than the postings on it.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._postings: dict[str, P] = {}
        self._of_account: dict[str, list[str]] = {}
        self._unsettled: dict[str, None] = {}
        self._waiting: dict[_Wait, None] = {}
        self._order = KeyOrder(journal, self._waiting)

    def find(self, key: str) -> P | None:
        """Return the posting with this key in its last state."""
        with self._lock:
            return self._postings.get(key)

    def add(self, posting: P) -> None:
        """Store a new posting; under a known key nothing changes, whatever it says (B2)."""
        key = posting.key
        with self._lock:
            if key in self._postings:
                return
            keys = self._of_account.get(posting.account)
            self._journal.write(
                setting(self._of_account, posting.account, [key]) if keys is None else adding(keys, key),
                setting(self._postings, key, posting),
                *self._tracking(key, None, posting),
            )
            self._order.settle()

    def change(self, steps: Sequence[tuple[P, P]]) -> tuple[P, ...]:
        """Store the next state of each posting whose stored state is the one its step begins with, and return those.

        All of them are written at once; a step that somebody else was quicker with is left out.
        """
        with self._lock:
            done = [(before, after) for before, after in steps if self._is_as(before)]
            changes: list[Change] = []
            for _, after in done:
                key = after.key
                changes += [setting(self._postings, key, after), *self._tracking(key, self._postings[key], after)]
            self._journal.write(*changes)
            self._order.settle()
            return tuple(after for _, after in done)

    def unsettled(self, by: datetime, limit: int) -> tuple[P, ...]:
        """Return up to ``limit`` unsettled postings that wait until ``by`` at the latest, the longest waiting first.

        Of those that wait until the same moment the lower key comes first.
        """
        with self._lock:
            if not self._waiting:
                return ()
            waiting = takewhile(lambda wait: wait[0] <= by, self._order.above())
            return tuple([self._postings[key] for _, key in islice(waiting, limit)])

    def all(self, *, account: str | None = None, unsettled: bool = False) -> Iterator[P]:
        """Yield the postings as they are at the call, in order of key; of one account only, or unsettled ones only."""
        with self._lock:
            keys: Iterable[str] = self._unsettled if unsettled else self._postings
            if account is not None:
                keys = [key for key in self._of_account.get(account, ()) if not unsettled or key in self._unsettled]
            return iter([self._postings[key] for key in sorted(keys)])

    def _is_as(self, before: P) -> bool:
        known = self._postings.get(before.key)
        return known is not None and (known.state, known.account) == (before.state, before.account)

    def _tracking(self, key: str, before: P | None, after: P) -> Iterator[Change]:
        """Yield the changes to what is tracked beside the postings: which are unsettled, and until when they wait."""
        is_open = not after.is_settled
        if is_open and key not in self._unsettled:
            yield setting(self._unsettled, key, None)
        elif not is_open and key in self._unsettled:
            yield removing(self._unsettled, key)
        gone = None if before is None or before.wait_until is None else (before.wait_until, key)
        come = None if after.wait_until is None else (after.wait_until, key)
        if gone != come and gone in self._waiting:
            yield removing(self._waiting, gone)
        if come is not None and come not in self._waiting:
            self._order.announce(come)  # before the key itself is written, so that no interrupt loses it
            yield setting(self._waiting, come, None)


class MemoryGrants(MemoryPostings[Grant]):
    """Grants in memory; a referral has one grant a side (B2)."""


class MemoryReversals(MemoryPostings[Reversal]):
    """Reversals in memory; a grant has one reversal an account (B11)."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self._of_referral: dict[str, list[str]] = {}

    def add(self, posting: Reversal) -> None:
        """Store a new reversal; under a known key nothing changes (B11)."""
        with self._journal:
            if posting.key not in self._postings:
                keys = self._of_referral.get(posting.referral)
                first = setting(self._of_referral, posting.referral, [posting.key])
                self._journal.write(first if keys is None else adding(keys, posting.key))
            super().add(posting)

    def of_referral(self, contract: str) -> tuple[Reversal, ...]:
        """Return the reversals of both grants of a contract's referral, by side and account."""
        with self._lock:
            found = [self._postings[key] for key in self._of_referral.get(contract, ())]
        return tuple(sorted(found, key=lambda each: (each.side, each.account)))
