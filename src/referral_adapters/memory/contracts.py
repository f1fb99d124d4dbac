"""Contracts in memory."""

from __future__ import annotations

from collections.abc import Iterator

from referral_adapters.memory.journal import Change, Journal, adding, setting
from referral_core.entities.contract import Contract
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason


class MemoryContracts:
    """The port ``Contracts`` in memory: thread-safe, each call all-or-nothing."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._contracts: dict[str, Contract] = {}
        self._of_account: dict[str, list[str]] = {}
        self._of_customer: dict[str, list[str]] = {}

    def find(self, contract: str) -> Contract | None:
        """Return the contract of this id, as last stored."""
        with self._lock:
            return self._contracts.get(contract)

    def of_account(self, account: str) -> tuple[Contract, ...]:
        """Return all contracts of an account in the order they were added; empty means the account is unknown."""
        with self._lock:
            return tuple([self._contracts[contract] for contract in self._of_account.get(account, ())])

    def of_customer(self, customer: str) -> tuple[Contract, ...]:
        """Return all contracts of a customer, on any account, in the order they were added."""
        with self._lock:
            return tuple([self._contracts[contract] for contract in self._of_customer.get(customer, ())])

    def put(self, contract: Contract) -> None:
        """Store a contract, new or in its next state.

        :raises Refusal: ``not-same-customer`` when its account belongs to another customer; ``contract-exists`` when
            a contract of this id stands on another account.
        """
        with self._lock:
            if contract.account in self._of_account and self._owner(contract.account) != contract.customer:
                raise Refusal(
                    Reason.NOT_SAME_CUSTOMER,
                    message=f"account {contract.account} belongs to another customer than {contract.customer}",
                    field="account",
                )
            known = self._contracts.get(contract.id)
            if known is None:
                self._journal.write(
                    setting(self._contracts, contract.id, contract),
                    _placing(self._of_account, contract.account, contract.id),
                    _placing(self._of_customer, contract.customer, contract.id),
                )
            elif known.account == contract.account:
                self._journal.write(setting(self._contracts, contract.id, contract))
            else:
                raise Refusal(
                    Reason.CONTRACT_EXISTS,
                    message=f"contract {contract.id} stands on account {known.account}",
                    field="account",
                )

    def accounts(self) -> Iterator[tuple[str, str]]:
        """Yield every account with its customer, in order of the account's id, as they are at the call."""
        with self._lock:
            return iter([(account, self._owner(account)) for account in sorted(self._of_account)])

    def _owner(self, account: str) -> str:
        return self._contracts[self._of_account[account][0]].customer


def _placing(index: dict[str, list[str]], key: str, contract: str) -> Change:
    contracts = index.get(key)
    return setting(index, key, [contract]) if contracts is None else adding(contracts, contract)
