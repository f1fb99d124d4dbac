"""Continuous bill discounts in memory, beside a model so simple that it is plainly right."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from referral_adapters.conformance.samples import day, grant
from referral_adapters.conformance.store import failing
from referral_adapters.memory import ContinuousDiscounts, MemoryStore
from referral_core.values.errors import KeyReused
from referral_core.values.money import Money
from tests.phrases import refused

ACCOUNTS: Final = ("A1", "A2", "A3")


def euros(cents: int) -> Money:
    return Money(Decimal(cents).scaleb(-2))


class PlainDiscounts:
    """Every cent is an item of its own: the moment it is effective from, and when it came to the account."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.bills: list[str] = []
        self.transfers: dict[str, tuple[str, str, int | None, int]] = {}
        self.cents: dict[str, list[tuple[datetime, int]]] = {account: [] for account in ACCOUNTS}
        self.sums = {account: {"granted": 0, "in": 0, "out": 0, "consumed": 0} for account in ACCOUNTS}
        self.arrivals = 0

    def grant(self, key: str, account: str, cents: int, effective: datetime) -> None:
        if key not in self.keys:
            self.keys.append(key)
            self.arrivals += 1
            self.cents[account] += [(effective, self.arrivals)] * cents
            self.sums[account]["granted"] += cents

    def bill(self, bill: str, account: str, cents: int, at: datetime) -> int | None:
        if bill in self.bills:
            return None
        self.bills.append(bill)
        taken = [cent for cent in sorted(self.cents[account]) if cent[0] <= at][:cents]
        for cent in taken:
            self.cents[account].remove(cent)
        self.sums[account]["consumed"] += len(taken)
        return len(taken)

    def transfer(self, source: str, target: str, cents: int | None, key: str) -> int | None:
        if key in self.transfers:
            giving, taking, asked, before = self.transfers[key]
            same = (giving, taking) == (source, target) and (cents == asked or (asked is None and cents == before))
            return before if same else -1
        there = sorted(self.cents[source])
        if cents is not None and cents > len(there):
            return None
        moved = there if cents is None else there[:cents]
        for cent in moved:
            self.cents[source].remove(cent)
        for effective, _ in moved:
            self.arrivals += 1
            self.cents[target].append((effective, self.arrivals))
        self.sums[source]["out"] += len(moved)
        self.sums[target]["in"] += len(moved)
        self.transfers[key] = source, target, cents, len(moved)
        return len(moved)


accounts = st.sampled_from(ACCOUNTS)
amounts = st.integers(0, 12)
days = st.integers(0, 4).map(day)
numbers = st.integers(0, 15).map(str)


class Ledger(RuleBasedStateMachine):
    """Everything that billing can be asked, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.billing = ContinuousDiscounts()
        self.plain = PlainDiscounts()

    @rule(of=numbers, account=accounts, cents=amounts, effective=days)
    def grant(self, of: str, account: str, cents: int, effective: datetime) -> None:
        due = grant(of, str(euros(cents).amount), on=account, effective=effective)
        self.plain.grant(due.key, account, cents, effective)
        self.billing.grant(due)
        assert self.billing.has_grant(due.key)

    @rule(bill=numbers, account=accounts, cents=amounts, at=days)
    def bill(self, bill: str, account: str, cents: int, at: datetime) -> None:
        expected = self.plain.bill(bill, account, cents, at)
        if expected is None:
            with refused("bill-exists"):
                self.billing.bill(bill, account, euros(cents), at=at)
        else:
            assert self.billing.bill(bill, account, euros(cents), at=at) == euros(expected)

    @rule(giving=accounts, taking=accounts, cents=st.none() | amounts, at=days, key=numbers)
    def transfer(self, giving: str, taking: str, cents: int | None, at: datetime, key: str) -> None:
        amount = None if cents is None else euros(cents)
        expected = self.plain.transfer(giving, taking, cents, key)
        if expected is None:
            with refused("amount-exceeds-unused"):
                self.billing.transfer(giving, taking, amount, at=at, key=key)
        elif expected < 0:
            with pytest.raises(KeyReused):
                self.billing.transfer(giving, taking, amount, at=at, key=key)
        else:
            assert self.billing.transfer(giving, taking, amount, at=at, key=key) == euros(expected)

    @rule(of=numbers, account=accounts, cents=amounts, effective=days, other=accounts)
    def fail(self, of: str, account: str, cents: int, effective: datetime, other: str) -> None:
        """Do some of everything in a block that fails: the model does nothing."""
        with failing(self.billing):
            self.billing.grant(grant(of, str(euros(cents).amount), on=account, effective=effective))
            self.billing.transfer(account, other, None, at=effective, key=f"failing {of}")
            self.billing.bill("failing", other, euros(cents), at=effective)

    @invariant()
    def every_cent_is_where_it_should_be(self) -> None:
        for account in ACCOUNTS:
            lots = self.billing.lots(account)
            cents = [moment for moment, amount in lots for _ in range(int(amount.amount * 100))]
            assert cents == [moment for moment, _ in sorted(self.plain.cents[account])]
            assert all(amount for _, amount in lots)

    @invariant()
    def the_law_holds(self) -> None:
        for account in ACCOUNTS:
            balance, sums = self.billing.balance(account), self.plain.sums[account]
            assert balance.granted == euros(sums["granted"])
            assert balance.transferred_in == euros(sums["in"])
            assert balance.transferred_out == euros(sums["out"])
            assert balance.consumed == euros(sums["consumed"])
            assert balance.unused == Money.total(amount for _, amount in self.billing.lots(account))


TestLedger = pytest.mark.rule("B2", "B3", "B6", "B7")(Ledger.TestCase)


@pytest.mark.rule("B6")
@given(st.lists(st.tuples(amounts, days), min_size=1, max_size=8), st.lists(st.tuples(amounts, days), max_size=8))
def test_bills_take_what_is_effective_and_no_more(
    grants: list[tuple[int, datetime]], bills: list[tuple[int, datetime]]
) -> None:
    billing = ContinuousDiscounts()
    for number, (cents, effective) in enumerate(grants):
        billing.grant(grant(str(number), str(euros(cents).amount), effective=effective))
    for number, (cents, at) in enumerate(bills):
        before = [(moment, amount) for moment, amount in billing.lots("A1") if moment <= at]
        usable = Money.total(amount for _, amount in before)
        assert billing.bill(str(number), "A1", euros(cents), at=at) == min(usable, euros(cents))


@pytest.mark.rule("B7")
def test_a_part_that_is_moved_is_split_and_keeps_its_moment() -> None:
    billing = ContinuousDiscounts()
    for each in (grant("K1", "10", effective=day(1)), grant("K2", "10", effective=day(2))):
        billing.grant(each)
    billing.transfer("A1", "A2", Money("12.50"), at=day(9), key="T1")
    assert billing.lots("A1") == ((day(2), Money("7.50")),)
    assert billing.lots("A2") == ((day(1), Money("10")), (day(2), Money("2.50")))


@pytest.mark.rule("M3")
def test_another_currency_is_refused() -> None:
    billing = ContinuousDiscounts(currency="SEK")
    billing.grant(attrs.evolve(grant(), amount=Money("10", "SEK")))
    for act in (
        lambda: billing.grant(grant("K2")),
        lambda: billing.bill("B1", "A1", Money("1"), at=day(1)),
        lambda: billing.transfer("A1", "A2", Money("1"), at=day(1), key="T1"),
    ):
        with refused("currency-mismatch", field="amount"):
            act()
    assert billing.bill("B1", "A1", Money("3", "SEK"), at=day(1)) == Money("3", "SEK")
    assert billing.balance("A2").unused == Money.zero("SEK")


def test_the_stores_own_billing_takes_part_in_its_transactions() -> None:
    store = MemoryStore()
    store.billing.grant(grant("K1"))
    with failing(store):
        store.billing.grant(grant("K2"))
        store.billing.bill("B1", "A1", Money("15"), at=day(1))
        store.billing.transfer("A1", "A2", None, at=day(1), key="T1")
    assert store.billing.balance("A1").unused == Money("10")
    assert not store.billing.has_grant(grant("K2").key)
    assert store.billing.bill("B1", "A1", Money("15"), at=day(1)) == Money("10")


def test_a_billing_of_its_own_does_not() -> None:
    store = MemoryStore(billing=ContinuousDiscounts())
    with failing(store):
        store.billing.grant(grant())
    assert store.billing.has_grant(grant().key)
