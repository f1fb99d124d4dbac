"""The contracts of a launch in memory."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from referral_adapters.memory.contracts import MemoryContracts
from referral_adapters.memory.journal import Journal
from referral_core.entities.contract import Contract, ContractStatus
from referral_core.ports.launch_contracts import Standing
from referral_core.values.errors import ConcurrentChange, Refusal


class MemoryLaunchContracts:
    """The port ``LaunchContracts`` in memory, over the contracts of the same store: thread-safe, all-or-nothing."""

    def __init__(self, journal: Journal, contracts: MemoryContracts) -> None:
        self._journal = journal
        self._contracts = contracts

    def standing(self, contracts: Sequence[str], accounts: Sequence[str]) -> Standing:
        """Return the contracts of these ids as last stored, and who owns these accounts; what is not there is left out.

        In a transaction nobody else brings in pages between this and the end of the transaction.
        """
        with self._journal.lock:
            found = {contract: self._contracts.find(contract) for contract in contracts}
            owners = {account: self._contracts.of_account(account)[:1] for account in accounts}
        return Standing(
            {contract: each for contract, each in found.items() if each is not None},
            {account: owned[0].customer for account, owned in owners.items() if owned},
        )

    def add(self, contracts: Sequence[Contract]) -> None:
        """Store contracts in whatever state they are, all of them or none; their ids and what they say are new.

        :raises ConcurrentChange: an id or an account came to be somebody else's since it was asked for; nothing was
            stored. Ask again what stands.
        """
        try:
            with self._journal:
                for contract in contracts:
                    self._contracts.put(_as_concluded(contract))
                    if contract.status is not ContractStatus.CONCLUDED:
                        self._contracts.put(contract)
        except Refusal as quicker:
            raise ConcurrentChange(str(quicker)) from quicker


def _as_concluded(contract: Contract) -> Contract:
    """Return the contract as it was before anything became of it."""
    if contract.status is ContractStatus.CONCLUDED:
        return contract
    return attrs.evolve(contract, status=ContractStatus.CONCLUDED, activated_at=None, ended_at=None)
