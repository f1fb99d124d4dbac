"""The lists that staff look through are found by an index, however much else there is (P2, P4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import attrs
import pytest

from referral_adapters.conformance.samples import contract, day
from referral_adapters.sql import SqlStore
from referral_core import ContractStatus
from referral_core.entities.case import Case, CaseStatus
from tests.adapters.noting_cursor import plan_of

MANY: Final = 3_000
READ_FROM_END_TO_END: Final = re.compile(r"Seq Scan|Sort|TEMP B-TREE|SCAN (contracts|cases)$", re.MULTILINE)
LISTS: Final[dict[str, tuple[str, Callable[[SqlStore], object]]]] = {
    "contracts_open": (
        "contracts",
        lambda store: store.contracts.page("K00500", 50, status=ContractStatus.CONCLUDED),
    ),
    "contracts_channel": ("contracts", lambda store: store.contracts.page("K00500", 50, channel="north")),
    "contracts_pk": ("contracts", lambda store: store.contracts.page("K00500", 50)),
    "cases_open": ("cases", lambda store: next(store.cases.all(after="case 00500", open_only=True))),
}


@pytest.mark.rule("P2", "P4")
def test_each_list_goes_by_its_own_index(store: SqlStore) -> None:
    """One in a hundred is open, or came by the channel."""
    with store.transaction():
        for number in range(MANY):
            made = contract(f"K{number:05}", on=f"A{number}", of=f"C{number}")
            rare = number % 100 == 0
            store.contracts.put(attrs.evolve(made, channel="north" if rare else "self-service"))
            if not rare:
                store.contracts.put(made.activated(day(1)))
            case = Case(
                id=f"case {number:05}",
                customer=f"C{number}",
                opened_at=day(0),
                product="electricity",
                segment="household",
            )
            store.cases.open(case)
            if not rare:
                store.cases.close(attrs.evolve(case, status=CaseStatus.ABANDONED, closed_at=day(1)))
    for index, (table, asked) in LISTS.items():
        plan = plan_of(store, table, lambda asked=asked: asked(store))  # type: ignore[misc]
        assert index in plan or (index == "contracts_pk" and "sqlite_autoindex_contracts_1" in plan), plan
        assert not READ_FROM_END_TO_END.search(plan), plan
