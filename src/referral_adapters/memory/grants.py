"""Grants in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice, takewhile

from referral_adapters.memory.journal import Change, Journal, KeyOrder, adding, removing, setting
from referral_core.entities.grant import Grant
from referral_core.ports.grants import Step

_Wait = tuple[datetime, str]
"""The moment until which a grant waits, and its key."""


class MemoryGrants:
    """Grants in memory: thread-safe, each call all or nothing; a referral has one grant a side (B2).

    What is not settled, and what waits until when, is kept beside the grants, so that a payer's page costs little more
    than the grants on it.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._grants: dict[str, Grant] = {}
        self._of_account: dict[str, list[str]] = {}
        self._unsettled: dict[str, None] = {}
        self._waiting: dict[_Wait, None] = {}
        self._order = KeyOrder(journal, self._waiting)

    def find(self, key: str) -> Grant | None:
        """Return the grant with this key in its last state."""
        with self._lock:
            return self._grants.get(key)

    def add(self, grant: Grant) -> None:
        """Store a new grant; under a known key nothing changes, whatever the grant says (B2)."""
        key = grant.key
        with self._lock:
            if key in self._grants:
                return
            keys = self._of_account.get(grant.account)
            self._journal.write(
                setting(self._of_account, grant.account, [key]) if keys is None else adding(keys, key),
                setting(self._grants, key, grant),
                *self._tracking(key, None, grant),
            )
            self._order.settle()

    def change(self, steps: Sequence[Step]) -> tuple[Grant, ...]:
        """Store the next state of each grant whose stored state is the one its step begins with, and return those.

        All of them are written at once; a step that somebody else was quicker with is left out.
        """
        with self._lock:
            done = [(before, after) for before, after in steps if self._is_as(before)]
            changes: list[Change] = []
            for _, after in done:
                key = after.key
                changes += [setting(self._grants, key, after), *self._tracking(key, self._grants[key], after)]
            self._journal.write(*changes)
            self._order.settle()
            return tuple(after for _, after in done)

    def unsettled(self, by: datetime, limit: int) -> tuple[Grant, ...]:
        """Return up to ``limit`` unsettled grants that wait until ``by`` at the latest, the longest waiting first.

        Of those that wait until the same moment the lower key comes first.
        """
        with self._lock:
            if not self._waiting:
                return ()
            waiting = takewhile(lambda wait: wait[0] <= by, self._order.above())
            return tuple([self._grants[key] for _, key in islice(waiting, limit)])

    def all(self, *, account: str | None = None, unsettled: bool = False) -> Iterator[Grant]:
        """Yield the grants as they are at the call, in order of key; of one account only, or unsettled ones only."""
        with self._lock:
            keys: Iterable[str] = self._unsettled if unsettled else self._grants
            if account is not None:
                keys = [key for key in self._of_account.get(account, ()) if not unsettled or key in self._unsettled]
            return iter([self._grants[key] for key in sorted(keys)])

    def _is_as(self, before: Grant) -> bool:
        known = self._grants.get(before.key)
        return known is not None and (known.state, known.account) == (before.state, before.account)

    def _tracking(self, key: str, before: Grant | None, after: Grant) -> Iterator[Change]:
        """Yield the changes to what is tracked beside the grants: which are unsettled, and until when they wait."""
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
