"""What was used of each grant: told by billing in any order of grants, bills and transfers (B6-B8)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.memory import ContinuousDiscounts
from referral_core.entities.balance import Balance, UnusedPart
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant
from referral_core.rules.usage import usages
from referral_core.values.errors import Refusal
from referral_core.values.money import Money
from tests.phrases import at, euros

ACCOUNTS: Final = ("A", "B", "C")
START: Final = at("2021-02-01")
NOTHING: Final = euros("0")


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def grant(of: str, amount: str, *, on: str = "A", since: int = 0, side: Side = Side.REFERRER) -> Grant:
    return Grant(referral=of, side=side, account=on, amount=euros(amount), effective_from=day(since))


def left(*parts: tuple[int, str]) -> Balance:
    """Return a balance whose unused discount is in parts, each with the day it is effective from."""
    total = Money.total(euros(amount) for _, amount in parts)
    told = tuple(UnusedPart(day(since), euros(amount)) for since, amount in parts)
    return Balance(granted=total, transferred_in=NOTHING, transferred_out=NOTHING, consumed=NOTHING, parts=told)


def used(grants: tuple[Grant, ...], **balances: Balance) -> dict[str, str]:
    """Return what was used of each grant, by the contract of its referral."""
    return {each.grant.referral: str(each.used.amount) for each in usages(grants, balances)}


# ── one at a time ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B6", "B8")
def test_of_an_older_grant_and_a_younger_what_is_left_says_which_was_used() -> None:
    grants = grant("K1", "10"), grant("K2", "7", since=5)
    assert used(grants, A=left((0, "4"), (5, "7"))) == {"K1": "6.00", "K2": "0.00"}
    assert used(grants, A=left((5, "3"))) == {"K1": "10.00", "K2": "4.00"}
    assert used(grants, A=left((0, "10"))) == {"K1": "0.00", "K2": "7.00"}
    assert used(grants, A=left()) == {"K1": "10.00", "K2": "7.00"}


@pytest.mark.rule("B7", "B8")
def test_what_was_moved_is_unused_wherever_it_stands() -> None:
    grants = grant("K1", "10"), grant("K2", "7", on="B", since=5)
    assert used(grants, A=left((0, "2")), B=left((0, "3"), (5, "7"))) == {"K1": "5.00", "K2": "0.00"}


@pytest.mark.rule("B6", "B8")
def test_of_grants_of_one_moment_on_one_account_the_key_that_comes_first_is_used_first() -> None:
    grants = grant("K1", "10"), grant("K2", "7", side=Side.REFEREE), grant("K3", "5")
    assert used(grants, A=left((0, "9"))) == {"K2": "7.00", "K1": "6.00", "K3": "0.00"}


@pytest.mark.rule("B7", "B8")
def test_of_grants_of_one_moment_a_part_is_of_one_to_the_account_it_stands_on() -> None:
    grants = grant("K1", "10"), grant("K2", "7", on="B")
    assert used(grants, A=left((0, "4")), B=left()) == {"K1": "6.00", "K2": "7.00"}
    assert used(grants, A=left(), B=left((0, "4"))) == {"K1": "10.00", "K2": "3.00"}
    assert used(grants, A=left(), B=left((0, "9"))) == {"K1": "8.00", "K2": "0.00"}


@pytest.mark.rule("B8")
def test_a_part_of_a_moment_that_no_grant_has_is_of_none_of_them() -> None:
    assert used((grant("K1", "10"),), A=left((0, "4"), (3, "9"))) == {"K1": "6.00"}
    assert used((grant("K1", "10"),), A=left((0, "14"))) == {"K1": "0.00"}
    assert used(()) == {}


@pytest.mark.rule("B8")
def test_parts_of_one_moment_add_up() -> None:
    assert used((grant("K1", "10"),), A=left((0, "1"), (0, "2"))) == {"K1": "7.00"}


@pytest.mark.rule("B8")
def test_what_billing_does_not_tell_the_age_of_is_said() -> None:
    told = left((0, "4"), (3, "3"))
    assert told.of_unknown_age == NOTHING
    assert attrs.evolve(told, parts=told.parts[:1]).of_unknown_age == euros("3")
    assert attrs.evolve(told, parts=()).of_unknown_age == euros("7")
    assert attrs.evolve(told, parts=(*told.parts, UnusedPart(day(4), euros("1")))).of_unknown_age == NOTHING
    assert attrs.evolve(told, parts=()) == told, "parts are no movements"


# ── whatever happens ──────────────────────────────────────────────────────────────────────────────────────────────────


class Cents:
    """Every cent of every grant by name: on which account it stands, oldest first, until a bill takes it (B6, B7)."""

    def __init__(self) -> None:
        self.billing = ContinuousDiscounts()
        self.grants: list[Grant] = []
        self.standing: dict[str, list[str]] = {account: [] for account in ACCOUNTS}
        self.taken: dict[str, int] = {}
        self.steps = 0

    def grant(self, account: str, cents: int, since: int) -> None:
        number = len(self.grants)
        posted = grant(f"K{number}", str(Money.of_cents(cents).amount), on=account, since=since)
        self.grants.append(posted)
        self.taken[posted.key] = 0
        self.billing.grant(posted)
        self._stand(account, [posted.key] * cents)

    def bill(self, account: str, cents: int, by: int) -> None:
        self.steps += 1
        self.billing.bill(f"R{self.steps}", account, Money.of_cents(cents), at=day(by))
        ready = [key for key in self.standing[account] if self._since(key) <= day(by)][:cents]
        for key in ready:
            self.standing[account].remove(key)
            self.taken[key] += 1

    def transfer(self, source: str, target: str, cents: int) -> None:
        self.steps += 1
        try:
            self.billing.transfer(source, target, Money.of_cents(cents), at=day(9), key=f"T{self.steps}")
        except Refusal:
            return
        moved, self.standing[source] = self.standing[source][:cents], self.standing[source][cents:]
        self._stand(target, moved)

    def balances(self) -> dict[str, Balance]:
        return {account: self.billing.balance(account) for account in ACCOUNTS}

    def _stand(self, account: str, keys: list[str]) -> None:
        self.standing[account] = sorted([*self.standing[account], *keys], key=self._since)

    def _since(self, key: str) -> datetime:
        return next(each.effective_from for each in self.grants if each.key == key)


accounts = st.sampled_from(ACCOUNTS)
cents = st.integers(1, 12)
steps = st.lists(
    st.tuples(st.just("grant"), accounts, cents)
    | st.tuples(st.just("bill"), accounts, cents)
    | st.tuples(st.just("transfer"), accounts, accounts, cents),
    max_size=14,
)


def told(steps: list[tuple[str, str, int] | tuple[str, str, str, int]], since: list[int]) -> Cents:
    """Return what has come of the steps; the grants are effective from these days, in turn."""
    there = Cents()
    for step in steps:
        match step:
            case ("grant", str(account), int(amount)):
                there.grant(account, amount, since[len(there.grants)])
            case ("bill", str(account), int(amount)):
                there.bill(account, amount, by=20)
            case (_, str(source), str(target), int(amount)):
                there.transfer(source, target, amount)
    return there


@pytest.mark.rule("B6", "B7", "B8")
@given(steps, st.permutations(range(14)))
def test_where_no_two_grants_are_of_one_moment_it_is_exact_to_the_cent(
    steps: list[tuple[str, str, int] | tuple[str, str, str, int]], since: list[int]
) -> None:
    there = told(steps, since)
    found = usages(there.grants, there.balances())
    assert {each.grant.key: each.used.cents for each in found} == there.taken


@pytest.mark.rule("B6", "B7", "B8")
@given(steps, st.lists(st.integers(0, 2), min_size=14, max_size=14))
def test_what_was_used_of_all_grants_is_what_all_bills_took_and_of_none_more_than_it_was(
    steps: list[tuple[str, str, int] | tuple[str, str, str, int]], since: list[int]
) -> None:
    there = told(steps, since)
    balances = there.balances()
    found = usages(there.grants, balances)
    assert {each.grant for each in found} == set(there.grants)
    assert all(each.used <= each.grant.amount for each in found)
    assert Money.total(each.used for each in found) == Money.total(each.consumed for each in balances.values())
    for moment in {each.grant.effective_from for each in found}:
        alike = [each for each in found if each.grant.effective_from == moment]
        assert sum(each.used.cents for each in alike) == sum(there.taken[each.grant.key] for each in alike)


@pytest.mark.rule("B6", "B8")
@given(steps, st.permutations(range(14)))
def test_what_bills_took_on_an_account_is_of_its_own_grants_or_of_what_was_moved_in(
    steps: list[tuple[str, str, int] | tuple[str, str, str, int]], since: list[int]
) -> None:
    there = told([step for step in steps if step[0] != "transfer"], since)
    balances = there.balances()
    for account in ACCOUNTS:
        own = [each.used for each in usages(there.grants, balances) if each.grant.account == account]
        assert Money.total(own) == balances[account].consumed
