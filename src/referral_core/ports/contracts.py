"""The repository of supply contracts and of the accounts that they belong to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

import attrs

from referral_core.entities.contract import Contract, ContractStatus


@attrs.frozen
class Standing:
    """The part of a page that a store has already: contracts by id, and the customer of each account by its id."""

    contracts: Mapping[str, Contract]
    customers: Mapping[str, str]


class ContractRepository(Protocol):
    """The repository of contracts. An account exists with its first contract, and belongs to that customer.

    All methods may be called from many threads at once; each call is atomic. Ids are ordered by their code points.
    """

    def find(self, contract: str) -> Contract | None:
        """Return the contract with this id, as last stored."""
        ...

    def of_account(self, account: str) -> tuple[Contract, ...]:
        """Return all contracts of an account, by concluding moment and then by id; none for an unknown account."""
        ...

    def of_customer(self, customer: str) -> tuple[Contract, ...]:
        """Return all contracts of a customer, on any account, by concluding moment and then by id."""
        ...

    def put(self, contract: Contract) -> None:
        """Store a contract: a new one if its status is concluded, else the next state of a stored one.

        :raises Refusal: ``contract-exists`` when a new contract has the id of another, ``contract-unknown`` when the
            next state is of no stored contract, ``not-same-customer`` when the account belongs to another customer.
        """
        ...

    def accounts(self) -> Iterator[tuple[str, str]]:
        """Yield every account with its customer, in order of the account's id; they are not all held in memory."""
        ...

    def count_accounts(self) -> int:
        """Return the number of accounts."""
        ...

    def page(
        self,
        after: str | None,
        limit: int,
        *,
        status: ContractStatus | None = None,
        channel: str | None = None,
        segments: Collection[str] | None = None,
    ) -> tuple[Contract, ...]:
        """Return the next ``limit`` contracts whose id is above ``after``, in order of id; nothing is locked.

        ``None`` begins with the first one. ``status``, ``channel`` and ``segments`` are filters; a channel stands for
        its members too (D6). Contracts that they leave out do not count, so a page that is not full is the last one.
        ``limit`` is at least 1.
        """
        ...

    def standing(self, contracts: Sequence[str], accounts: Sequence[str]) -> Standing:
        """Return the stored contracts of these ids, and the owners of these accounts; unknown ones are left out.

        In a transaction no other import stores a page between this call and the end of the transaction.
        """
        ...

    def add_all(self, contracts: Sequence[Contract]) -> None:
        """Store new contracts of any status, all or none (C2).

        :raises ConcurrentChange: an id or an account was taken since :meth:`standing` was read; nothing was stored. The
            caller reads it again.
        """
        ...
