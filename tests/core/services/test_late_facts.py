"""Facts about contracts arrive in any order, and the codes of the account follow from the facts alone (C12, M4)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import permutations
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referral_adapters.memory import MemoryStore
from referral_core import Actor, Programme, ReferralDesk
from referral_core.entities.promo_code import CodeStatus, PromoCode
from referral_core.entities.trace import account_subject
from referral_core.services.codes import CORRECTION
from tests.phrases import at

PROGRAMME: Final = Programme()
CRM: Final = Actor.system("crm")
START: Final = at("2021-01-01")
ACTS: Final = ("conclude", "activate", "terminate", "withdraw")

Fact = tuple[str, int, str, int]
"""A fact: the contract, its place among the contract's facts, the act, and the day."""


def day(number: float) -> datetime:
    return START + timedelta(days=number)


class Account:
    """An account to which facts are told one by one."""

    def __init__(self, products: dict[str, str]) -> None:
        self.store = MemoryStore(PROGRAMME, secret=b"0123456789abcdef")
        self.desk = ReferralDesk(PROGRAMME, self.store)
        self.products = products
        self.recorded = START

    def tell(self, fact: Fact) -> None:
        contract, _, act, number = fact
        self.recorded = max(self.recorded, day(number))
        session = self.desk.session(actor=CRM, now=self.recorded)
        if act == "conclude":
            product = self.products[contract]
            session.sign_ups.conclude(contract, account="A", customer="c", product=product, at=day(number))
        else:
            getattr(session.contracts, act)(contract, at=day(number))

    @property
    def codes(self) -> tuple[PromoCode, ...]:
        return self.store.promo_codes.of_account("A")

    def breaks(self) -> list[str]:
        """Return the laws that are broken, each with the moment."""
        contracts = self.store.contracts.of_account("A")
        found = []
        for number in (each / 2 for each in range(24)):
            moment = day(number)
            in_force = [each for each in contracts if each.is_active_at(moment)]
            active = [code for code in self.codes if code.status_at(moment) is CodeStatus.ACTIVE]
            if active and not any(PROGRAMME.keeps(each.product) for each in in_force):
                found.append(f"a code is active without a keeping contract on day {number}")
            needs_one = any(PROGRAMME.issues_for(each.product, each.segment) for each in in_force)
            if moment >= self.recorded and needs_one and not active:
                found.append(f"a contract is in force without an active code on day {number}")
            if len(active) > 1:
                found.append(f"two codes are active on day {number}")
        return found


@st.composite
def lives(draw: st.DrawFn) -> tuple[dict[str, str], list[list[Fact]]]:
    """One to three contracts with the facts of each, many of them at one moment."""
    products, facts = {}, []
    for number in range(draw(st.integers(1, 3))):
        contract = f"K{number}"
        products[contract] = draw(st.sampled_from(["electricity", "electricity", "gas", "solar"]))
        days = sorted(draw(st.lists(st.integers(0, 5), min_size=3, max_size=3)))
        acts = draw(st.sampled_from([("conclude",), ("conclude", "activate"), ACTS[:3], ("conclude", "withdraw")]))
        facts.append([(contract, place, act, days[place]) for place, act in enumerate(acts)])
    return products, facts


def interleaved(draw: st.DrawFn, facts: list[list[Fact]]) -> list[Fact]:
    """Return facts in some order of arrival that keeps the order of each contract's own."""
    waiting = [list(each) for each in facts]
    told = []
    while any(waiting):
        place = draw(st.sampled_from([place for place, each in enumerate(waiting) if each]))
        told.append(waiting[place].pop(0))
    return told


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[dict[str, str], list[Fact], list[Fact]]:
    """The same facts in two orders of arrival."""
    products, facts = draw(lives())
    return products, interleaved(draw, facts), interleaved(draw, facts)


@pytest.mark.rule("C12", "C4")
@settings(max_examples=300)
@given(arrivals())
def test_both_laws_hold_after_every_fact_and_the_order_leaves_no_mark(
    arrival: tuple[dict[str, str], list[Fact], list[Fact]],
) -> None:
    products, *orders = arrival
    ends = []
    for order in orders:
        account = Account(products)
        for fact in order:
            account.tell(fact)
            assert account.breaks() == [], (order, fact)
        ends.append([(code.issued_at, code.starts_at, code.ends_at, code.ending) for code in account.codes])
    first, second = ends
    if [code[0] for code in first] == [code[0] for code in second]:
        assert first == second, orders


@pytest.mark.rule("C12")
def test_five_facts_in_every_order_end_with_one_live_code() -> None:
    """A contract that begins before the other ends, whatever the order in which billing tells it."""
    facts: list[Fact] = [
        ("K0", 0, "conclude", 0), ("K0", 1, "activate", 1), ("K0", 2, "terminate", 4),
        ("K1", 0, "conclude", 2), ("K1", 1, "activate", 3),
    ]  # fmt: skip
    found = defaultdict(set)
    for order in permutations(facts):
        if all(place == sorted(place) for place in ([f[1] for f in order if f[0] == of] for of in ("K0", "K1"))):
            account = Account({"K0": "electricity", "K1": "electricity"})
            for fact in order:
                account.tell(fact)
            active = [code for code in account.codes if code.status_at(day(9)) is CodeStatus.ACTIVE]
            assert [code.ends_at for code in active] == [None], order
            found[tuple(code.issued_at for code in account.codes)].add(
                tuple((code.starts_at, code.ends_at) for code in account.codes)
            )
    assert sum(map(len, found.values())) == len(found)


@pytest.mark.rule("C12", "A2")
def test_what_was_recorded_otherwise_is_corrected_and_the_trace_says_why() -> None:
    account = Account({"K0": "electricity", "K1": "electricity"})
    for fact in (
        ("K0", 0, "conclude", 0), ("K0", 1, "activate", 1), ("K1", 0, "conclude", 2), ("K0", 2, "terminate", 4),
        ("K1", 1, "activate", 3),
    ):  # fmt: skip
        account.tell(fact)
    (code,) = account.codes
    assert (code.starts_at, code.ends_at) == (day(1), None)
    rows = [row for row in account.store.trace.chain(account_subject("A")) if row.act.startswith("code.")]
    assert [row.act for row in rows] == ["code.issue", "code.start", "code.end", CORRECTION]
    assert rows[-1].moment == day(4)
    assert rows[-1].reason == "contract K1 is active since 2021-01-04"
    assert (rows[-1].before or {})["ends_at"] is not None
    assert (rows[-1].after or {})["ends_at"] is None


@pytest.mark.rule("C12")
def test_an_activation_told_late_issues_a_code_at_its_own_moment() -> None:
    account = Account({"K0": "gas", "K1": "electricity"})
    session = account.desk.session(actor=CRM, now=day(0))
    session.sign_ups.conclude("K1", account="A", customer="c", product="electricity")
    session.contracts.withdraw("K1", at=day(0))
    assert account.codes[0].status_at(day(0)) is CodeStatus.ENDED
    account.recorded = day(6)
    account.products["K2"] = "electricity"
    account.tell(("K2", 0, "conclude", 3))
    assert account.codes[1].issued_at == day(3)
    assert account.store.promo_codes.history("A")[1][0].recorded_at == day(6)
    account.tell(("K2", 1, "activate", 4))
    assert account.codes[1].starts_at == day(4)


@pytest.mark.rule("C12")
def test_a_fact_from_before_the_last_issuing_issues_at_the_recording() -> None:
    account = Account({"K0": "electricity", "K1": "electricity", "K2": "electricity"})
    for fact in (
        ("K0", 0, "conclude", 3), ("K0", 1, "activate", 4), ("K0", 2, "terminate", 5), ("K1", 0, "conclude", 1)
    ):  # fmt: skip
        account.tell(fact)
    assert [code.issued_at for code in account.codes] == [day(3), day(5)]
    assert [code.ends_at for code in account.codes] == [day(5), None]


@pytest.mark.rule("C7", "C12")
def test_a_late_fact_lifts_no_manual_end() -> None:
    account = Account({"K0": "electricity", "K1": "electricity"})
    account.tell(("K0", 0, "conclude", 0))
    account.tell(("K0", 1, "activate", 1))
    account.tell(("K1", 0, "conclude", 1))
    (code,) = account.codes
    account.desk.session(actor=CRM, now=day(3)).codes.end(code.text)
    account.recorded = day(3)
    account.tell(("K0", 2, "terminate", 2))
    assert (account.codes[0].ends_at, account.codes[0].ending) == (day(2), "contracts-ended")
    account.tell(("K1", 1, "activate", 4))
    assert len(account.codes) == 1
