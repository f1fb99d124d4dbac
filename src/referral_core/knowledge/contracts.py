"""Contracts as they were known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import attrs

from referral_core.entities.contract import Contract
from referral_core.knowledge.unwritable import unwritable
from referral_core.ports.contracts import Contracts


@attrs.frozen
class KnownContracts:
    """The port ``Contracts`` as it stood: contracts concluded by a moment, as far as each had come by then."""

    contracts: Contracts
    by: datetime

    def find(self, contract: str) -> Contract | None:
        """Return the contract of this id as it was known."""
        found = self.contracts.find(contract)
        return None if found is None else found.known_at(self.by)

    def of_account(self, account: str) -> tuple[Contract, ...]:
        """Return the account's contracts that were known; empty: the account was not."""
        return self._known(self.contracts.of_account(account))

    def of_customer(self, customer: str) -> tuple[Contract, ...]:
        """Return the customer's contracts that were known."""
        return self._known(self.contracts.of_customer(customer))

    def put(self, contract: Contract) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"contract {contract.id}")

    def accounts(self) -> Iterator[tuple[str, str]]:
        """Yield every account on which a contract was known to stand, with its customer."""
        for account, customer in self.contracts.accounts():
            if self.of_account(account):
                yield account, customer

    def _known(self, contracts: Iterable[Contract]) -> tuple[Contract, ...]:
        return tuple(known for contract in contracts if (known := contract.known_at(self.by)))
