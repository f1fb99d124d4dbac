"""The repository of grants on their way to billing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from referral_core.entities.grant import Grant

Step = tuple[Grant, Grant]
"""A grant as it was read, and its next state."""


class GrantRepository(Protocol):
    """The repository of grants. The store itself guards that a referral has one grant a side (B2).

    :meth:`change` keeps concurrent payers apart: of several payers who read the same state of a grant, one changes it.
    All methods may be called from many threads at once.
    """

    def find(self, key: str) -> Grant | None:
        """Return the grant with this idempotency key."""
        ...

    def add(self, grant: Grant) -> None:
        """Store a new grant; a grant with the same key stays unchanged (B2)."""
        ...

    def change(self, steps: Sequence[Step]) -> tuple[Grant, ...]:
        """Store the next state of each grant whose ``state`` is still the one that was read, in one transaction.

        Returns the grants that this call changed, in order of steps. A grant that another payer has changed, or that is
        not stored on this account, stays unchanged. A grant is in one step at most.
        """
        ...

    def unsettled(self, by: datetime, limit: int) -> tuple[Grant, ...]:
        """Return up to ``limit`` grants that billing has not confirmed and whose ``wait_until`` is ``by`` or earlier.

        The longest waiting come first, then they are in order of key. Stuck grants wait for no moment and are left out.
        In a transaction grants may be left out that another transaction is about to change.
        """
        ...

    def all(self, *, account: str | None = None, unsettled: bool = False) -> Iterator[Grant]:
        """Yield the grants in order of key: all, those of one account, or those for which a payer has something to do.

        Granted grants are settled, and so are those that are surely held or void: see :attr:`Grant.is_settled`.
        """
        ...
