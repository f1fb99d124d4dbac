"""Contracts in a database, with their accounts and the directories that lead to them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import cache
from operator import attrgetter
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
    func,
    insert,
    select,
    update,
)

from referral_adapters.sql.atomic import atomic, joined
from referral_adapters.sql.bulk_load import BulkLoad
from referral_adapters.sql.prepared import Directory, Lockable, Row
from referral_adapters.sql.referrals import BY_CONTRACT
from referral_adapters.sql.rows import Rows
from referral_adapters.sql.statements import Among, Pages, without
from referral_adapters.sql.tables import (
    ACCOUNTS,
    CONTRACT_ACCOUNTS,
    CONTRACTS,
    CUSTOMER_ACCOUNTS,
    IS_CONCLUDED,
)
from referral_adapters.sql.unit_of_work import Lookup
from referral_adapters.sql.work import Work
from referral_core.entities.contract import Contract, ContractStatus
from referral_core.ports.contracts import Standing
from referral_core.values.errors import ConcurrentChange, Reason, Refusal

ROWS: Final = Rows(Contract, CONTRACTS)
_C: Final = CONTRACTS.c


def _one(rows: Sequence[Row]) -> Contract | None:
    return ROWS.entity(rows[0]) if rows else None


OF_CONTRACT: Final = select(CONTRACT_ACCOUNTS.c.account).where(CONTRACT_ACCOUNTS.c.contract == bindparam("of"))
ACCOUNTS_OF: Final = select(CUSTOMER_ACCOUNTS.c.account).where(CUSTOMER_ACCOUNTS.c.customer == bindparam("of"))
"""The directories: the account of a contract, and the accounts of a customer, which distribute the contracts."""


def _in_order(rows: Sequence[Row]) -> tuple[Contract, ...]:
    return tuple(sorted(map(ROWS.entity, rows), key=_concluded))


BY_ID: Final = Lookup(
    Lockable(
        select(CONTRACTS).where(CONTRACTS.c.id == bindparam("of")),
        directory=Directory(CONTRACTS.c.account, OF_CONTRACT),
    ),
    _one,
)
OF_ACCOUNT: Final = Lookup(
    Lockable(select(CONTRACTS).where(CONTRACTS.c.account == bindparam("of")), is_locked=False), _in_order
)
OF_CUSTOMER: Final = Lookup(
    Lockable(
        select(CONTRACTS).where(CONTRACTS.c.customer == bindparam("of")),
        is_locked=False,
        directory=Directory(CONTRACTS.c.account, ACCOUNTS_OF),
    ),
    _in_order,
)
_ALL_ACCOUNTS: Final = Pages(select(ACCOUNTS), ACCOUNTS.c.account)
_COUNT: Final = select(func.count().label("total")).select_from(ACCOUNTS)
_NEW: Final = insert(CONTRACTS)
_NEW_PLACE: Final = insert(CONTRACT_ACCOUNTS)
_NEW_ACCOUNT: Final = insert(ACCOUNTS)
_NEW_ACCOUNT_OF: Final = insert(CUSTOMER_ACCOUNTS)
_CHANGE: Final = update(CONTRACTS).where(CONTRACTS.c.id == bindparam("of"), CONTRACTS.c.account == bindparam("on"))
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode
_CONTRACTS_AMONG: Final = Among(
    select(CONTRACTS).join(
        CONTRACT_ACCOUNTS, (CONTRACT_ACCOUNTS.c.contract == _C.id) & (CONTRACT_ACCOUNTS.c.account == _C.account)
    ),
    CONTRACT_ACCOUNTS.c.contract,
)
_ACCOUNTS_AMONG: Final = Among(select(ACCOUNTS), ACCOUNTS.c.account)
_NEW_CONTRACTS: Final = BulkLoad(CONTRACTS)
_NEW_PLACES: Final = BulkLoad(CONTRACT_ACCOUNTS)
_NEW_ACCOUNTS: Final = BulkLoad(ACCOUNTS)
_NEW_ACCOUNTS_OF: Final = BulkLoad(CUSTOMER_ACCOUNTS)


@attrs.frozen
class SqlContracts:
    """Contracts in a database, whose keys guard that an account has one customer and that each id exists once.

    In a PostgreSQL transaction ``find`` locks the row of the contract, ``of_account`` the name of the account, and
    ``put`` the name of the customer of a new contract. A page follows the index of ids. Open contracts and the
    contracts of a channel, which staff read every day, have indexes of their own.
    """

    work: Work

    def find(self, contract: str) -> Contract | None:
        """Return the contract with this id, by way of the directory of ids; a transaction locks its row."""
        return self.work.ask(BY_ID, contract)

    def of_account(self, account: str) -> tuple[Contract, ...]:
        """Return all contracts of an account in one statement, by concluding moment and then by id.

        An empty result means an unknown account. A transaction locks the name of the account first, so that this stays
        true until its end.
        """
        return self.work.ask(OF_ACCOUNT, account)

    def of_customer(self, customer: str) -> tuple[Contract, ...]:
        """Return all contracts of a customer, by way of the directory of accounts; a transaction locks the name."""
        return self.work.ask(OF_CUSTOMER, customer)

    @joined
    def put(self, contract: Contract) -> None:
        """Insert a contract whose status is concluded, or update a stored one, under the lock of its account's name.

        :raises Refusal: ``not-same-customer`` when its account belongs to another customer; ``contract-exists`` when
            a new contract has the id of another; ``contract-unknown`` when the account has no stored contract with the
            id of this next state.
        """
        work = self.work
        others, known = work.ask(OF_ACCOUNT, contract.account), work.ask(BY_ID, contract.id)
        if others and others[0].customer != contract.customer:
            raise Refusal(
                Reason.NOT_SAME_CUSTOMER,
                message=f"account {contract.account} belongs to another customer than {contract.customer}",
                field="account",
            )
        if contract.status is ContractStatus.CONCLUDED:
            # The lookup locks the name of the customer, as erasing does: otherwise a contract could be concluded under
            # a name that is being erased (A5).
            own: tuple[Contract, ...] | None = work.ask(OF_CUSTOMER, contract.customer)
            self._add(contract, known, is_new_account=not others)
        else:
            # Not asked for: a lookup that nobody has made needs no correction and would cost a round trip.
            own = work.known(OF_CUSTOMER, contract.customer)
            self._change(contract, known, told=own is not None)
        work.keep(BY_ID, contract.id, contract)
        work.keep(OF_ACCOUNT, contract.account, _with(others, contract))
        if own is not None:
            work.keep(OF_CUSTOMER, contract.customer, _with(own, contract))

    def accounts(self) -> Iterator[tuple[str, str]]:
        """Yield every account with its customer, page by page along the primary key of accounts."""
        return _ALL_ACCOUNTS.read(self.work, lambda row: (row.account, row.customer))

    def count_accounts(self) -> int:
        """Return the number of accounts, counted by the database."""
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
        """Return the next ``limit`` contracts above ``after``, in order of id, by one statement without locks.

        ``status``, ``channel`` (or family) and ``segments`` leave out all others; those that are left out do not count.
        """
        given: dict[str, Any] = {"most": limit}
        is_open = status is ContractStatus.CONCLUDED
        if after is not None:
            given["after"] = after
        if status is not None and not is_open:
            given["status"] = status.value
        if segments is not None:
            given["segments"] = _encode(sorted(segments))
        if channel is None:
            return self._page(given, is_open)
        # Asked for apart, as a page of one channel comes in order out of its index, and only members are to be sorted.
        # These lie in one stretch of the order by code points: after the slash comes the zero.
        own = self._page({**given, "channel": channel}, is_open)
        members = self._page({**given, "members_from": f"{channel}/", "members_until": f"{channel}0"}, is_open)
        return tuple(sorted([*own, *members], key=attrgetter("id"))[:limit])

    def _page(self, given: dict[str, Any], is_open: bool) -> tuple[Contract, ...]:
        rows = self.work.rows(_page(self.work.dialect, frozenset(given), is_open), given)
        return tuple(map(ROWS.entity, rows))

    def standing(self, contracts: Sequence[str], accounts: Sequence[str]) -> Standing:
        """Return the stored contracts of these ids and the owners of these accounts, by two statements.

        Unknown ids and accounts are left out. The lock ``launch`` admits one import at a time, until the end of the
        transaction.
        """
        self.work.lock("launch")
        rows = _CONTRACTS_AMONG.rows(self.work, contracts)
        return Standing({row.id: ROWS.entity(row) for row in rows}, self._customers(set(accounts)))

    @atomic
    def add_all(self, contracts: Sequence[Contract]) -> None:
        """Load new contracts of any status in bulk, with their accounts and directories, all or none (C2).

        :raises ConcurrentChange: an id or an account was taken since :meth:`standing` was read; nothing was stored. The
            caller reads it again.
        """
        customers = {contract.account: contract.customer for contract in contracts}
        known = self._customers(customers.keys())
        new = customers.keys() - known.keys()
        if any(known.get(contract.account, contract.customer) != contract.customer for contract in contracts):
            raise ConcurrentChange("Somebody else brought in one of the accounts at the same time.")
        try:
            accounts = [{"account": each, "customer": customers[each]} for each in sorted(new)]
            _NEW_ACCOUNTS.load(self.work, accounts)
            _NEW_ACCOUNTS_OF.load(self.work, accounts)
            _NEW_PLACES.load(self.work, [{"contract": each.id, "account": each.account} for each in contracts])
            _NEW_CONTRACTS.load(self.work, map(ROWS.row, contracts))
        except Refusal as quicker:
            raise ConcurrentChange("Somebody else brought in one of the contracts at the same time.") from quicker

    def _add(self, contract: Contract, known: Contract | None, *, is_new_account: bool) -> None:
        if known is not None:
            raise Refusal(Reason.CONTRACT_EXISTS, message=f"there is a contract {contract.id}", field="contract")
        if is_new_account:
            account = {"account": contract.account, "customer": contract.customer}
            self.work.write(_NEW_ACCOUNT, account)
            self.work.write(_NEW_ACCOUNT_OF, account)
        self.work.write(_NEW_PLACE, {"contract": contract.id, "account": contract.account})
        self.work.write(_NEW, ROWS.row(contract))
        self.work.keep(BY_CONTRACT, contract.id, None)  # a new contract has no referral: saves that lookup

    def _change(self, contract: Contract, known: Contract | None, *, told: bool) -> None:
        if known is None or known.account != contract.account:
            raise Refusal(
                Reason.CONTRACT_UNKNOWN,
                message=f"there is no contract {contract.id} on account {contract.account}",
                field="contract",
            )
        # Without the account: Citus refuses an update of the column by which rows are distributed.
        row = without(ROWS.row(contract), "account", "id")
        self.work.write(_CHANGE, {**row, "of": contract.id, "on": contract.account}, told=told)

    def _customers(self, accounts: Collection[str]) -> dict[str, str]:
        return {row.account: row.customer for row in _ACCOUNTS_AMONG.rows(self.work, accounts)}


def _with(contracts: tuple[Contract, ...], contract: Contract) -> tuple[Contract, ...]:
    """Return the contracts with one added, or replaced by its next state, in order."""
    rest = [each for each in contracts if each.id != contract.id]
    return tuple(sorted([*rest, contract], key=_concluded))


def _concluded(contract: Contract) -> tuple[datetime, str]:
    return contract.concluded_at, contract.id


@cache
def _page(dialect: str, given: frozenset[str], is_open: bool) -> Executable:
    """Return the statement of a page for the parameters ``given``, over open contracts or over all."""
    conditions = {
        "after": _C.id > bindparam("after"),
        "status": _C.status == bindparam("status"),
        "channel": _C.channel == bindparam("channel"),
        "members_from": _C.channel >= bindparam("members_from"),
        "members_until": _C.channel < bindparam("members_until"),
        "segments": _C.segment.in_(_LISTED[dialect]),
    }
    wanted: list[ColumnElement[bool] | TextClause] = [conditions[name] for name in conditions if name in given]
    if is_open:
        # In the words of the partial index: for a parameter the planner cannot know that the index holds all rows.
        wanted.append(IS_CONCLUDED)
    return select(CONTRACTS).where(*wanted).order_by(_C.id).limit(bindparam("most"))


_SEGMENTS: Final = bindparam("segments", type_=Text)


_LISTED: Final = {
    "postgresql": select(func.json_array_elements_text(cast(_SEGMENTS, JSON))),
    "sqlite": select(column("value")).select_from(func.json_each(_SEGMENTS)),
}
"""The segments of a filter, unpacked by each database from one parameter: a list in JSON."""
