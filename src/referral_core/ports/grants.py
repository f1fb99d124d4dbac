"""The repository of grants on their way to billing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol, Self, TypeVar

from referral_core.entities.grant import Grant


class Posting(Protocol):
    """What is on its way to billing, and is sent by payers: a grant, or a reversal."""

    @property
    def key(self) -> str:
        """The idempotency key in billing."""
        ...

    @property
    def account(self) -> str:
        """The account in billing."""
        ...

    @property
    def wait_until(self) -> datetime | None:
        """The moment before which no payer takes it, ``None`` if no payer takes it at all."""
        ...

    @property
    def state(self) -> tuple[Any, int, datetime | None]:
        """The fields that payers change: the status, the attempts, and ``wait_until``."""
        ...

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to do for a payer."""
        ...

    def taken(self, until: datetime) -> Self:
        """Return it leased to a payer until ``until``."""
        ...


Step = tuple[Grant, Grant]
"""A grant as it was read, and its next state."""


P = TypeVar("P", bound=Posting)


class Postings(Protocol[P]):
    """The part of the repositories of grants and of reversals that payers use."""

    def find(self, key: str) -> P | None:
        """Return the posting with this idempotency key."""
        ...

    def change(self, steps: Sequence[tuple[P, P]]) -> tuple[P, ...]:
        """Store the next state of each posting whose ``state`` is still the one that was read; return those."""
        ...

    def unsettled(self, by: datetime, limit: int) -> tuple[P, ...]:
        """Return up to ``limit`` postings whose ``wait_until`` is ``by`` or earlier."""
        ...

    def all(self, *, account: str | None = None, unsettled: bool = False) -> Iterator[P]:
        """Yield all postings, those of one account, or those for which a payer has something to do."""
        ...


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
