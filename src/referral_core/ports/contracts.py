"""The port to supply contracts and the accounts they stand on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from referral_core.entities.contract import Contract


class Contracts(Protocol):
    """Where contracts are kept. An account exists once a contract stands on it, and belongs to that customer.

    Safe to call from many threads at once; ``put`` is atomic. Ids are in order of their code points.
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
