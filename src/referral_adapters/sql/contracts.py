"""Contracts in a database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import attrs
from sqlalchemy import bindparam, insert, select, update

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.contract_tables import ACCOUNTS, CONTRACTS
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.rows import Rows
from referral_adapters.sql.statements import Pages, locking, without
from referral_adapters.sql.unit import Lookup
from referral_adapters.sql.work import Work
from referral_core.entities.contract import Contract, ContractStatus
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason

ROWS: Final = Rows(Contract, CONTRACTS)
_ORDER: Final = (CONTRACTS.c.concluded_at, CONTRACTS.c.id)


def _one(rows: Sequence[Row]) -> Contract | None:
    return ROWS.entity(rows[0]) if rows else None


BY_ID: Final = Lookup(locking(select(CONTRACTS).where(CONTRACTS.c.id == bindparam("of"))), _one)
OF_ACCOUNT: Final = Lookup(
    locking(select(CONTRACTS).where(CONTRACTS.c.account == bindparam("of")).order_by(*_ORDER), is_locked=False),
    lambda rows: tuple(map(ROWS.entity, rows)),
)
OF_CUSTOMER: Final = Lookup(
    locking(select(CONTRACTS).where(CONTRACTS.c.customer == bindparam("of")).order_by(*_ORDER), is_locked=False),
    lambda rows: tuple(map(ROWS.entity, rows)),
)
_ACCOUNTS: Final = Pages(select(ACCOUNTS), ACCOUNTS.c.account)
_NEW: Final = insert(CONTRACTS)
_NEW_ACCOUNT: Final = insert(ACCOUNTS)
_CHANGE: Final = update(CONTRACTS).where(CONTRACTS.c.id == bindparam("of"), CONTRACTS.c.account == bindparam("on"))


@attrs.frozen
class SqlContracts:
    """The port ``Contracts`` in a database: one customer an account, each id once, guarded by its keys.

    In a PostgreSQL transaction ``find`` locks the contract, ``of_account`` the account, and ``put`` the customer of a
    new one.
    """

    work: Work

    def find(self, contract: str) -> Contract | None:
        """Return the contract of this id, as last stored."""
        return self.work.ask(BY_ID, contract)

    def of_account(self, account: str) -> tuple[Contract, ...]:
        """Return all contracts of an account, by concluding moment and then by id; empty: the account is unknown."""
        return self.work.ask(OF_ACCOUNT, account)

    def of_customer(self, customer: str) -> tuple[Contract, ...]:
        """Return all contracts of a customer, on any account, by concluding moment and then by id."""
        return self.work.ask(OF_CUSTOMER, customer)

    @joined
    def put(self, contract: Contract) -> None:
        """Store a contract: a new one while it is concluded, else the next state of one that is there.

        :raises Refusal: ``not-same-customer`` when its account belongs to another customer; ``contract-exists`` when
            it is new and its id is not; ``contract-unknown`` when it is not new and there is none of its id on its
            account.
        """
        work = self.work
        others, own = work.ask(OF_ACCOUNT, contract.account), work.ask(OF_CUSTOMER, contract.customer)
        known = work.ask(BY_ID, contract.id)
        if others and others[0].customer != contract.customer:
            raise Refusal(
                Reason.NOT_SAME_CUSTOMER,
                message=f"account {contract.account} belongs to another customer than {contract.customer}",
                field="account",
            )
        if contract.status is ContractStatus.CONCLUDED:
            self._add(contract, known, is_new_account=not others)
        else:
            self._change(contract, known)
        work.keep(BY_ID, contract.id, contract)
        work.keep(OF_ACCOUNT, contract.account, _with(others, contract))
        work.keep(OF_CUSTOMER, contract.customer, _with(own, contract))

    def accounts(self) -> Iterator[tuple[str, str]]:
        """Yield every account with its customer, in order of the account's id, without holding them all."""
        return _ACCOUNTS.read(self.work, lambda row: (row.account, row.customer))

    def _add(self, contract: Contract, known: Contract | None, *, is_new_account: bool) -> None:
        if known is not None:
            raise Refusal(Reason.CONTRACT_EXISTS, message=f"there is a contract {contract.id}", field="contract")
        if is_new_account:
            self.work.write(_NEW_ACCOUNT, {"account": contract.account, "customer": contract.customer})
        self.work.write(_NEW, ROWS.row(contract))

    def _change(self, contract: Contract, known: Contract | None) -> None:
        if known is None or known.account != contract.account:
            raise Refusal(
                Reason.CONTRACT_UNKNOWN,
                message=f"there is no contract {contract.id} on account {contract.account}",
                field="contract",
            )
        row = without(ROWS.row(contract), "id")
        self.work.write(_CHANGE, {**row, "of": contract.id, "on": contract.account})


def _with(contracts: tuple[Contract, ...], contract: Contract) -> tuple[Contract, ...]:
    """Return contracts with one of them in its next state, or with a new one, in order."""
    rest = [each for each in contracts if each.id != contract.id]
    return tuple(sorted([*rest, contract], key=_concluded))


def _concluded(contract: Contract) -> tuple[datetime, str]:
    return contract.concluded_at, contract.id


contract_row = ROWS.row
contract_of = ROWS.entity
