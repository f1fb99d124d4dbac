"""The lists that staff look through are found by an index, however much else there is (P2, P4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import attrs
import pytest
from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.engine import URL

from referral_adapters.conformance.samples import contract, day
from referral_adapters.sql import SqlStore
from referral_adapters.sql.tables import ACCOUNTS, CASES, CONTRACTS
from referral_core import ContractStatus
from referral_core.entities.case import Case, CaseStatus
from tests.adapters.sql.noting_cursor import plans_of
from tests.adapters.sql.test_upgrade import begun

MANY: Final = 3_000
READ_FROM_END_TO_END: Final = re.compile(r"Seq Scan|Sort|TEMP B-TREE|SCAN (contracts|cases)$", re.MULTILINE)
LISTS: Final[dict[str, tuple[str, Callable[[SqlStore], object]]]] = {
    "contracts_open": (
        "contracts",
        lambda store: store.contracts.page("K00500", 50, status=ContractStatus.CONCLUDED),
    ),
    "contracts_channel": ("contracts", lambda store: store.contracts.page("K00500", 50, channel="north")),
    "contracts_id": ("contracts", lambda store: store.contracts.page("K00500", 50)),
    "cases_open": ("cases", lambda store: next(store.cases.all(after="case 00500", open_only=True))),
}


def put(store: SqlStore, number: int, *, rare: bool) -> None:
    """Put a contract and a case; what is rare is open, and came by another channel."""
    made = contract(f"K{number:05}", on=f"A{number}", of=f"C{number}")
    store.contracts.put(attrs.evolve(made, channel="north" if rare else "self-service"))
    case = Case(
        id=f"case {number:05}", customer=f"C{number}", opened_at=day(0), product="electricity", segment="household"
    )
    store.cases.open(case)
    if not rare:
        store.contracts.put(made.activated(day(1)))
        store.cases.close(attrs.evolve(case, status=CaseStatus.ABANDONED, closed_at=day(1)))


def multiply(connection: Connection, table: Table, **names: str) -> None:
    """Copy the first row a hundredth as often as the second, with names of their own: to put each takes long."""
    rare, common = connection.execute(select(table).order_by(*table.primary_key)).mappings()
    connection.execute(
        insert(table),
        [
            {**(common if number % 100 else rare), **{column: name.format(number) for column, name in names.items()}}
            for number in range(2, MANY)
        ],
    )


@pytest.mark.rule("P2", "P4")
def test_each_list_goes_by_its_own_index(database: URL, store: SqlStore) -> None:
    """One in a hundred is open, or came by the channel; only members of a channel are found apart, and sorted."""
    put(store, 0, rare=True)
    put(store, 1, rare=False)
    with begun(database) as connection:
        multiply(connection, ACCOUNTS, account="A{}", customer="C{}")
        multiply(connection, CONTRACTS, id="K{:05}", account="A{}")
        multiply(connection, CASES, id="case {:05}", customer="C{}")
    for index, (table, asked) in LISTS.items():
        plan, *of_members = plans_of(store, table, lambda asked=asked: asked(store))  # type: ignore[misc]
        assert index in plan, plan
        assert all(index in each for each in of_members), of_members
        assert bool(of_members) == (index == "contracts_channel")
        assert not READ_FROM_END_TO_END.search(plan), plan
