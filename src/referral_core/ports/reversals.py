"""The repository of reversals on their way to billing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from referral_core.entities.reversal import Reversal

ReversalStep = tuple[Reversal, Reversal]
"""A reversal as it was read, and its next state."""


class ReversalRepository(Protocol):
    """The repository of reversals. The store itself guards that a grant has one reversal an account (B11).

    :meth:`change` keeps concurrent payers apart, as that of grants does. All methods may be called from many threads at
    once.
    """

    def find(self, key: str) -> Reversal | None:
        """Return the reversal with this idempotency key."""
        ...

    def add(self, reversal: Reversal) -> None:
        """Store a new reversal; a reversal with the same key stays unchanged (B11)."""
        ...

    def change(self, steps: Sequence[ReversalStep]) -> tuple[Reversal, ...]:
        """Store the next state of each reversal whose ``state`` is still the one that was read, in one transaction.

        Returns the reversals that this call changed, in order of steps.
        """
        ...

    def unsettled(self, by: datetime, limit: int) -> tuple[Reversal, ...]:
        """Return up to ``limit`` unconfirmed reversals whose ``wait_until`` is ``by`` or earlier.

        The longest waiting come first, then they are in order of key. In a transaction reversals may be left out that
        another transaction is about to change.
        """
        ...

    def all(self, *, account: str | None = None, unsettled: bool = False) -> Iterator[Reversal]:
        """Yield the reversals in order of key: all, those of one account, or those that billing has not confirmed.

        Those of one account are in order of side and contract.
        """
        ...

    def of_referral(self, contract: str) -> tuple[Reversal, ...]:
        """Return the reversals of both grants of a contract's referral, by side and account."""
        ...
