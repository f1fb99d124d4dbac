"""Contracts in memory, and the accounts that they stand on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Final

import attrs

from referral_adapters.memory.journal import Change, Journal, KeyOrder, adding, removing, setting
from referral_core.entities.contract import Contract, ContractStatus
from referral_core.ports.contracts import Standing
from referral_core.values.channel import is_within
from referral_core.values.errors import ConcurrentChange, Reason, Refusal

_CONCLUDED: Final = attrgetter("concluded_at", "id")


class MemoryContracts:
    """Contracts in memory: thread-safe, each call all or nothing; an account belongs to one customer.

    Ids of contracts and accounts are kept in order beside the contracts, so that a page costs little more than its
    rows.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._contracts: dict[str, Contract] = {}
        self._of_account: dict[str, list[str]] = {}
        self._of_customer: dict[str, list[str]] = {}
        self._account_order = KeyOrder(journal, self._of_account)
        self._contract_order = KeyOrder(journal, self._contracts)

    def find(self, contract: str) -> Contract | None:
        """Return the contract of this id in its last state."""
        with self._lock:
            return self._contracts.get(contract)

    def of_account(self, account: str) -> tuple[Contract, ...]:
        """Return the contracts of an account by concluding moment and then id; an unknown account has none."""
        with self._lock:
            return self._sorted(self._of_account.get(account, ()))

    def of_customer(self, customer: str) -> tuple[Contract, ...]:
        """Return the contracts of a customer on all accounts, by concluding moment and then id."""
        with self._lock:
            return self._sorted(self._of_customer.get(customer, ()))

    def put(self, contract: Contract) -> None:
        """Store a new contract, which is a concluded one, or the next state of a known one.

        :raises Refusal: ``contract-exists`` when a contract of this id is concluded again or stands on another account;
            ``not-same-customer`` when the account belongs to another customer; ``contract-unknown`` when a contract in
            a later state was never concluded here.
        """
        with self._lock:
            known = self._contracts.get(contract.id)
            self._check_id(contract, known)
            self._check_customer(contract)
            change = setting(self._contracts, contract.id, contract)
            if known is not None:
                self._journal.write(change)
            else:
                # Announced before they are written, so that no interrupt leaves a key that the orders do not know.
                self._contract_order.announce(contract.id)
                if contract.account not in self._of_account:
                    self._account_order.announce(contract.account)
                self._journal.write(
                    change,
                    _listing(self._of_account, contract.account, contract.id),
                    _listing(self._of_customer, contract.customer, contract.id),
                )

    def accounts(self) -> Iterator[tuple[str, str]]:
        """Yield the accounts as they are at the call, each with its customer, in order of the account's id."""
        with self._lock:
            return iter([(account, self._owner(account)) for account in sorted(self._of_account)])

    def count_accounts(self) -> int:
        """Return how many accounts there are."""
        with self._lock:
            return len(self._of_account)

    def page(
        self,
        after: str | None,
        limit: int,
        *,
        status: ContractStatus | None = None,
        channel: str | None = None,
        segments: Collection[str] | None = None,
    ) -> tuple[Contract, ...]:
        """Return the next ``limit`` contracts above ``after`` by the code points of the id, as they are now.

        Contracts of another ``status``, channel (or family) or segment are passed over and do not count.
        """
        with self._lock:
            wanted = (
                contract
                for contract in self._above(after)
                if status in (None, contract.status)
                and (channel is None or is_within(contract.channel, channel))
                and (segments is None or contract.segment in segments)
            )
            return tuple(islice(wanted, limit))

    def standing(self, contracts: Sequence[str], accounts: Sequence[str]) -> Standing:
        """Return the known ones of these contracts in their last state, and the owners of the known accounts.

        A transaction has the store to itself, so the answer holds until the transaction ends.
        """
        with self._lock:
            found = {contract: self.find(contract) for contract in contracts}
            owners = {account: self.of_account(account)[:1] for account in accounts}
        return Standing(
            {contract: each for contract, each in found.items() if each is not None},
            {account: owned[0].customer for account, owned in owners.items() if owned},
        )

    def add_all(self, contracts: Sequence[Contract]) -> None:
        """Store new contracts in whatever state they are, all of them or none.

        :raises ConcurrentChange: a contract of one of the ids exists by now, or an account belongs to another customer
            by now. Nothing was stored; the caller asks for :meth:`standing` again.
        """
        try:
            with self._journal:
                for contract in contracts:
                    # In two steps, since put() takes a contract for new only while it is concluded.
                    self.put(_as_concluded(contract))
                    if contract.status is not ContractStatus.CONCLUDED:
                        self.put(contract)
        except Refusal as quicker:
            raise ConcurrentChange(str(quicker)) from quicker

    def erasing(self, customer: str, pseudonym: str) -> Iterator[Change]:
        """Yield the changes that replace a customer by a pseudonym (A5); the caller holds the lock."""
        ids = self._of_customer.get(customer)
        if ids is None:
            return
        for contract in ids:
            erased = attrs.evolve(self._contracts[contract], customer=pseudonym, first_name=None, warned_code=None)
            yield setting(self._contracts, contract, erased)
        yield removing(self._of_customer, customer)
        yield setting(self._of_customer, pseudonym, ids)

    def accounts_above(self, after: str) -> Iterator[str]:
        """Yield the accounts whose id is above ``after``, in order; the caller holds the journal's lock."""
        return self._account_order.above(after)

    def _above(self, after: str | None) -> Iterator[Contract]:
        """Yield the contracts whose id is above ``after``, in order; the caller holds the journal's lock."""
        return (self._contracts[contract] for contract in self._contract_order.above(after))

    def _owner(self, account: str) -> str:
        return self._contracts[self._of_account[account][0]].customer

    def _sorted(self, ids: Sequence[str]) -> tuple[Contract, ...]:
        if len(ids) == 1:  # as on most accounts
            return (self._contracts[ids[0]],)
        return tuple(sorted([self._contracts[contract] for contract in ids], key=_CONCLUDED))

    def _check_id(self, contract: Contract, known: Contract | None) -> None:
        is_new = contract.status is ContractStatus.CONCLUDED
        if known is None and not is_new:
            raise Refusal(Reason.CONTRACT_UNKNOWN, message=f"there is no contract {contract.id} yet", field="contract")
        if known is not None and (is_new or known.account != contract.account):
            raise Refusal(
                Reason.CONTRACT_EXISTS,
                message=f"there is a contract {contract.id} already, on account {known.account}",
                field="contract",
            )

    def _check_customer(self, contract: Contract) -> None:
        if contract.account in self._of_account and self._owner(contract.account) != contract.customer:
            raise Refusal(
                Reason.NOT_SAME_CUSTOMER,
                message=f"account {contract.account} belongs to another customer than {contract.customer}",
                field="account",
            )


def _listing(index: dict[str, list[str]], key: str, contract: str) -> Change:
    contracts = index.get(key)
    return setting(index, key, [contract]) if contracts is None else adding(contracts, contract)


def _as_concluded(contract: Contract) -> Contract:
    """Return a contract as it was when it was concluded."""
    if contract.status is ContractStatus.CONCLUDED:
        return contract
    return attrs.evolve(contract, status=ContractStatus.CONCLUDED, activated_at=None, ended_at=None)
