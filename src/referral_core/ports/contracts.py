"""The repository of supply contracts and the accounts they stand on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

import attrs

from referral_core.entities.contract import Contract, ContractStatus


@attrs.frozen
class Standing:
    """What a store has already of a page: contracts by id, and the customer of each account by its id."""

    contracts: Mapping[str, Contract]
    customers: Mapping[str, str]


class ContractRepository(Protocol):
    """Where contracts are kept. An account exists once a contract stands on it, and belongs to that customer.

    Safe to call from many threads at once; each call is atomic. Ids are in order of their code points.
    """

    def find(self, contract: str) -> Contract | None:
        """Return the contract of this id, as last stored."""
        ...

    def of_account(self, account: str) -> tuple[Contract, ...]:
        """Return all contracts of an account, by concluding moment and then by id; empty: the account is unknown."""
        ...

    def of_customer(self, customer: str) -> tuple[Contract, ...]:
        """Return all contracts of a customer, on any account, by concluding moment and then by id."""
        ...

    def put(self, contract: Contract) -> None:
        """Store a contract: a new one while it is concluded, else the next state of one that is there.

        :raises Refusal: ``contract-exists`` when it is new and its id is not, ``contract-unknown`` when it is not new
            and its id is, ``not-same-customer`` when its account belongs to another customer.
        """
        ...

    def accounts(self) -> Iterator[tuple[str, str]]:
        """Yield every account with its customer, in order of the account's id, without holding them all."""
        ...

    def count_accounts(self) -> int:
        """Return how many accounts there are."""
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

        ``None`` means from the first one. ``status``, ``channel`` and ``segments`` leave out all others; those that are
        left out do not count. So a page that is not full is the last one. ``limit`` is at least 1.
        """
        ...

    def standing(self, contracts: Sequence[str], accounts: Sequence[str]) -> Standing:
        """Return the contracts of these ids as last stored, and who owns these accounts; what is not there is left out.

        In a transaction nobody else brings in pages between this and the end of the transaction.
        """
        ...

    def add_all(self, contracts: Sequence[Contract]) -> None:
        """Store contracts in whatever state they are, all of them or none; their ids and what they say are new (C2).

        :raises ConcurrentChange: an id or an account came to be somebody else's since it was asked for; nothing was
            stored. Ask again what stands.
        """
        ...
