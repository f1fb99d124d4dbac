"""The repository of grants: the legs of referrals on their way to billing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from referral_core.entities.grant import Grant

Step = tuple[Grant, Grant]
"""What a leg was when somebody looked, and what it is to be."""


class GrantRepository(Protocol):
    """Where legs are kept. The store itself guards that a referral has one leg a side (B2).

    Payers at the same legs at once are kept apart by :meth:`change`: of several who found a leg as it was, one has it.
    Safe to call from many threads at once.
    """

    def find(self, key: str) -> Grant | None:
        """Return the leg with this idempotency key."""
        ...

    def add(self, grant: Grant) -> None:
        """Store a new leg; one that is already there is left as it is (B2)."""
        ...

    def change(self, steps: Sequence[Step]) -> tuple[Grant, ...]:
        """Store the next state of each leg whose ``state`` is what it was.

        Returns the legs that are so because of this call, in order of steps: a leg that somebody else has changed, or
        that is not there on this account, is left alone. All in one transaction; a leg stands in one step at most.
        """
        ...

    def unsettled(self, by: datetime, limit: int) -> tuple[Grant, ...]:
        """Return up to ``limit`` legs that billing has not confirmed and that wait until ``by`` at the latest.

        Those that have waited longest come first, then in order of key; stuck ones wait for no moment. In a transaction
        a leg may be left out that another transaction is about to change.
        """
        ...

    def all(self, *, account: str | None = None, unsettled: bool = False) -> Iterator[Grant]:
        """Yield every leg, or those of one account, or those that billing has not confirmed, in order of key."""
        ...
