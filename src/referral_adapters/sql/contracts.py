"""Contracts in a database."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any, Final

import attrs
from sqlalchemy import (
    JSON,
    ColumnElement,
    Executable,
    Text,
    TextClause,
    bindparam,
    cast,
    column,
    delete,
    func,
    select,
    update,
)

from referral_adapters.sql.among import Among
from referral_adapters.sql.atomic import atomic, joined
from referral_adapters.sql.contract_tables import ACCOUNTS, CONTRACTS, IS_CONCLUDED
from referral_adapters.sql.loading import Loading
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.statements import Insertion, Pages, locking, without
from referral_adapters.sql.work import Work
from referral_core.entities.contract import Contract, ContractStatus
from referral_core.ports.contracts import Standing
from referral_core.values.errors import ConcurrentChange, Refusal
from referral_core.values.reason import Reason

BY_ID: Final = locking(select(CONTRACTS).where(CONTRACTS.c.id == bindparam("contract")))
_ORDER: Final = (CONTRACTS.c.concluded_at, CONTRACTS.c.id)
OF_ACCOUNT: Final = select(CONTRACTS).where(CONTRACTS.c.account == bindparam("of")).order_by(*_ORDER)
OF_CUSTOMER: Final = select(CONTRACTS).where(CONTRACTS.c.customer == bindparam("of")).order_by(*_ORDER)
OWNER: Final = select(ACCOUNTS.c.customer).where(ACCOUNTS.c.account == bindparam("of"))
_ALL_ACCOUNTS: Final = Pages(select(ACCOUNTS), ACCOUNTS.c.account)
_COUNT: Final = select(func.count().label("total")).select_from(ACCOUNTS)
_NEW: Final = Insertion(CONTRACTS)
_NEW_ACCOUNT: Final = Insertion(ACCOUNTS)
_NO_ACCOUNT: Final = delete(ACCOUNTS).where(ACCOUNTS.c.account == bindparam("of"))
_CHANGE: Final = update(CONTRACTS).where(CONTRACTS.c.id == bindparam("of"), CONTRACTS.c.account == bindparam("on"))
_C: Final = CONTRACTS.c
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode
_CONTRACTS_AMONG: Final = Among(select(CONTRACTS), CONTRACTS.c.id)
_ACCOUNTS_AMONG: Final = Among(select(ACCOUNTS), ACCOUNTS.c.account)
_NEW_CONTRACTS: Final = Loading(CONTRACTS)
_NEW_ACCOUNTS: Final = Loading(ACCOUNTS)


@attrs.frozen
class SqlContracts:
    """Contracts in a database: one customer an account, each id once, guarded by its keys.

    In a PostgreSQL transaction ``find`` locks the contract, ``of_account`` the account, and ``put`` the customer of a
    new one. A page is a stretch of the primary key, of which the rest is left out. What staff look through every day,
    open sign-ups and those of a channel, has an index of its own.
    """

    work: Work

    def find(self, contract: str) -> Contract | None:
        """Return the contract of this id, as last stored."""
        row = self.work.row(BY_ID(self.work), {"contract": contract})
        return None if row is None else contract_of(row)

    def of_account(self, account: str) -> tuple[Contract, ...]:
        """Return all contracts of an account, by concluding moment and then by id; empty: the account is unknown."""
        self.work.lock(f"account {account}")
        return tuple(map(contract_of, self.work.rows(OF_ACCOUNT, {"of": account})))

    def of_customer(self, customer: str) -> tuple[Contract, ...]:
        """Return all contracts of a customer, on any account, by concluding moment and then by id."""
        return tuple(map(contract_of, self.work.rows(OF_CUSTOMER, {"of": customer})))

    @joined
    def put(self, contract: Contract) -> None:
        """Store a contract: a new one while it is concluded, else the next state of one that is there.

        :raises Refusal: ``not-same-customer`` when its account belongs to another customer; ``contract-exists`` when
            it is new and its id is not; ``contract-unknown`` when it is not new and there is none of its id on its
            account.
        """
        if contract.status is ContractStatus.CONCLUDED:
            self._add(contract)
        else:
            self._change(contract)

    def accounts(self) -> Iterator[tuple[str, str]]:
        """Yield every account with its customer, in order of the account's id, without holding them all."""
        return _ALL_ACCOUNTS.read(self.work, lambda row: (row.account, row.customer))

    def count_accounts(self) -> int:
        """Return how many accounts there are."""
        row = self.work.row(_COUNT)
        return 0 if row is None else int(row.total)

    def page(
        self,
        after: str | None,
        limit: int,
        *,
        status: ContractStatus | None = None,
        channel: str | None = None,
        segments: Collection[str] | None = None,
    ) -> tuple[Contract, ...]:
        """Return the next ``limit`` contracts whose id is above ``after``, by the code points of the id.

        ``status``, ``channel`` and ``segments`` leave out all others; those that are left out do not count.
        """
        given: dict[str, Any] = {"most": limit}
        is_open = status is ContractStatus.CONCLUDED
        if after is not None:
            given["after"] = after
        if status is not None and not is_open:
            given["status"] = status.value
        if channel is not None:
            given["channel"] = channel
        if segments is not None:
            given["segments"] = _encode(sorted(segments))
        return tuple(map(contract_of, self.work.rows(_page(self.work.dialect, frozenset(given), is_open), given)))

    def standing(self, contracts: Sequence[str], accounts: Sequence[str]) -> Standing:
        """Return the contracts of these ids as last stored, and who owns these accounts; what is not there is left out.

        In a transaction nobody else brings in pages between this and the end of the transaction.
        """
        self.work.lock("launch")
        rows = _CONTRACTS_AMONG.rows(self.work, contracts)
        return Standing({row.id: contract_of(row) for row in rows}, self._customers(set(accounts)))

    @atomic
    def add_all(self, contracts: Sequence[Contract]) -> None:
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

    def _add(self, contract: Contract) -> None:
        # Whoever erases the customer has the same lock, so that nothing of theirs comes to be meanwhile (A5).
        self.work.lock(f"customer {contract.customer}")
        owner = {"account": contract.account, "customer": contract.customer}
        # Most contracts come to accounts that are there: looking first is one row that need not be tried.
        is_new_account = not self._check_owner(contract) and _NEW_ACCOUNT.into(self.work, owner)
        if not is_new_account:
            self._check_owner(contract)
        if not _NEW.into(self.work, contract_row(contract)):
            if is_new_account:
                self.work.change(_NO_ACCOUNT, {"of": contract.account})
            raise Refusal(Reason.CONTRACT_EXISTS, message=f"there is a contract {contract.id}", field="contract")

    def _change(self, contract: Contract) -> None:
        self._check_owner(contract)
        row = without(contract_row(contract), "id")
        if not self.work.change(_CHANGE, {**row, "of": contract.id, "on": contract.account}):
            raise Refusal(
                Reason.CONTRACT_UNKNOWN,
                message=f"there is no contract {contract.id} on account {contract.account}",
                field="contract",
            )

    def _check_owner(self, contract: Contract) -> bool:
        """Tell whether an account is there; refuse a contract on one that belongs to another customer."""
        owner = self.work.row(OWNER, {"of": contract.account})
        if owner is not None and owner.customer != contract.customer:
            raise Refusal(
                Reason.NOT_SAME_CUSTOMER,
                message=f"account {contract.account} belongs to another customer than {contract.customer}",
                field="account",
            )
        return owner is not None

    def _customers(self, accounts: Collection[str]) -> dict[str, str]:
        return {row.account: row.customer for row in _ACCOUNTS_AMONG.rows(self.work, accounts)}


def contract_row(contract: Contract) -> dict[str, Any]:
    """Return the row of a contract."""
    return {
        "id": contract.id,
        "account": contract.account,
        "customer": contract.customer,
        "product": contract.product,
        "segment": contract.segment,
        "channel": contract.channel,
        "concluded_at": contract.concluded_at,
        "starts_on": contract.starts_on,
        "first_name": contract.first_name,
        "warned_code": contract.warned_code,
        "warnings": contract.warnings,
        "status": contract.status.value,
        "activated_at": contract.activated_at,
        "ended_at": contract.ended_at,
    }


def contract_of(row: Row) -> Contract:
    """Return the contract of a row."""
    return Contract(
        id=row.id,
        account=row.account,
        customer=row.customer,
        product=row.product,
        segment=row.segment,
        channel=row.channel,
        concluded_at=row.concluded_at,
        starts_on=row.starts_on,
        first_name=row.first_name,
        warned_code=row.warned_code,
        warnings=tuple(map(Reason, row.warnings)),
        status=ContractStatus(row.status),
        activated_at=row.activated_at,
        ended_at=row.ended_at,
    )


@cache
def _page(dialect: str, given: frozenset[str], is_open: bool) -> Executable:
    """Return the statement for what is given, of open contracts only or of all."""
    conditions = {
        "after": _C.id > bindparam("after"),
        "status": _C.status == bindparam("status"),
        "channel": _C.channel == bindparam("channel"),
        "segments": _C.segment.in_(_LISTED[dialect]),
    }
    wanted: list[ColumnElement[bool] | TextClause] = [conditions[name] for name in conditions if name in given]
    if is_open:
        wanted.append(IS_CONCLUDED)
    return select(CONTRACTS).where(*wanted).order_by(_C.id).limit(bindparam("most"))


_SEGMENTS: Final = bindparam("segments", type_=Text)


_LISTED: Final = {
    "postgresql": select(func.json_array_elements_text(cast(_SEGMENTS, JSON))),
    "sqlite": select(column("value")).select_from(func.json_each(_SEGMENTS)),
}


"""The segments that are given, as each database takes them out of a list in JSON."""
