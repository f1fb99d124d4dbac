"""The contracts of a launch in a database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import attrs
from sqlalchemy import select

from referral_adapters.sql.among import Among
from referral_adapters.sql.atomic import atomic
from referral_adapters.sql.contract_tables import ACCOUNTS, CONTRACTS
from referral_adapters.sql.contracts import contract_of, contract_row
from referral_adapters.sql.loading import Loading
from referral_adapters.sql.work import Work
from referral_core.entities.contract import Contract
from referral_core.ports.launch_contracts import Standing
from referral_core.values.errors import ConcurrentChange, Refusal

_CONTRACTS: Final = Among(select(CONTRACTS), CONTRACTS.c.id)
_ACCOUNTS: Final = Among(select(ACCOUNTS), ACCOUNTS.c.account)
_NEW_CONTRACTS: Final = Loading(CONTRACTS)
_NEW_ACCOUNTS: Final = Loading(ACCOUNTS)


@attrs.frozen
class SqlLaunchContracts:
    """The port ``LaunchContracts`` in a database, guarded by the same keys as ever."""

    work: Work

    def standing(self, contracts: Sequence[str], accounts: Sequence[str]) -> Standing:
        """Return the contracts of these ids as last stored, and who owns these accounts; what is not there is left out.

        In a transaction nobody else brings in pages between this and the end of the transaction.
        """
        self.work.lock("launch")
        rows = _CONTRACTS.rows(self.work, contracts)
        return Standing({row.id: contract_of(row) for row in rows}, self._customers(set(accounts)))

    @atomic
    def add(self, contracts: Sequence[Contract]) -> None:
        """Store contracts in whatever state they are, all of them or none; their ids and what they say are new.

        :raises ConcurrentChange: an id or an account came to be somebody else's since it was asked for; nothing was
            stored. Ask again what stands.
        """
        customers = {contract.account: contract.customer for contract in contracts}
        known = self._customers(customers.keys())
        new = customers.keys() - known.keys()
        if any(known.get(contract.account, contract.customer) != contract.customer for contract in contracts):
            raise ConcurrentChange("Somebody else brought in one of the accounts at the same time.")
        try:
            _NEW_ACCOUNTS.load(self.work, [{"account": each, "customer": customers[each]} for each in sorted(new)])
            _NEW_CONTRACTS.load(self.work, map(contract_row, contracts))
        except Refusal as quicker:
            raise ConcurrentChange("Somebody else brought in one of the contracts at the same time.") from quicker

    def _customers(self, accounts: Collection[str]) -> dict[str, str]:
        return {row.account: row.customer for row in _ACCOUNTS.rows(self.work, accounts)}
