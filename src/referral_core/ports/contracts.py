"""The port to supply contracts and the accounts they stand on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from referral_core.entities.contract import Contract


class Contracts(Protocol):
    """Where contracts are kept. An account exists once a contract stands on it, and belongs to that customer.

    Safe to call from many threads at once. ``add`` and ``replace`` are atomic.
    """

    def find(self, contract: str) -> Contract | None:
        """Return the contract of this id, as last stored."""
        ...

    def of_account(self, account: str) -> tuple[Contract, ...]:
        """Return all contracts of an account in the order they were added; empty means the account is unknown."""
        ...

    def of_customer(self, customer: str) -> tuple[Contract, ...]:
        """Return all contracts of a customer, on any account, in the order they were added."""
        ...

    def put(self, contract: Contract) -> None:
        """Store a contract, new or in its next state.

        :raises Refusal: ``not-same-customer`` when its account belongs to another customer.
        """
        ...

    def accounts(self) -> Iterator[tuple[str, str]]:
        """Yield every account with its customer, in order of the account's id, without holding them all."""
        ...
