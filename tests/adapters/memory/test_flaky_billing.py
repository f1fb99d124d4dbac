"""A billing that fails as planned, and what a caller must do to be right all the same."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import PLENTY, balance, day, grant
from referral_adapters.memory import ContinuousDiscounts, Fault, FlakyBilling, MemoryStore
from referral_core.entities.grant import Grant
from referral_core.ports.billing import Billing
from referral_core.values.errors import BillingUnavailable
from referral_core.values.money import Money
from tests.phrases import refused

GRANT: Final = grant()
faults: Final = st.none() | st.sampled_from(Fault)

CALLS: Final[dict[str, Callable[[Billing], object]]] = {
    "grant": lambda billing: billing.grant(grant("K2", "5")),
    "has_grant": lambda billing: billing.has_grant(GRANT.key),
    "bill": lambda billing: billing.bill("B1", "A1", Money("4"), at=day(1)),
    "transfer": lambda billing: billing.transfer("A1", "A2", Money("4"), at=day(1), key="T1"),
    "balance": lambda billing: billing.balance("A1"),
}
AFTERWARDS: Final = {
    "grant": balance(granted="15"),
    "has_grant": balance(granted="10"),
    "bill": balance(granted="10", consumed="4"),
    "transfer": balance(granted="10", transferred_out="4"),
    "balance": balance(granted="10"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", Fault)
def test_a_fault_says_unavailable_and_leaves_what_it_says(call: str, fault: Fault) -> None:
    world = ContinuousDiscounts()
    world.grant(GRANT)
    flaky = FlakyBilling(world, [None, fault])
    assert flaky.has_grant(GRANT.key)
    with pytest.raises(BillingUnavailable, match=f"{call}: no answer .{fault}"):
        CALLS[call](flaky)
    assert world.balance("A1") == (AFTERWARDS[call] if fault is Fault.AFTER else balance(granted="10"))
    flaky.recover()
    arrived = fault is Fault.AFTER or (fault is Fault.LATE and call in ("grant", "transfer"))
    assert world.balance("A1") == (AFTERWARDS[call] if arrived else balance(granted="10"))


def test_after_the_script_there_are_no_more_faults() -> None:
    flaky = FlakyBilling(ContinuousDiscounts(), [Fault.BEFORE])
    with pytest.raises(BillingUnavailable):
        flaky.grant(GRANT)
    for _ in range(3):
        flaky.grant(GRANT)
    assert flaky.balance("A1") == balance(granted="10")


def test_a_plan_may_decide_by_the_method() -> None:
    flaky = FlakyBilling(ContinuousDiscounts(), lambda method: Fault.AFTER if method == "grant" else None)
    with pytest.raises(BillingUnavailable):
        flaky.grant(GRANT)
    assert flaky.has_grant(GRANT.key)


def test_a_late_grant_arrives_some_calls_later() -> None:
    flaky = FlakyBilling(ContinuousDiscounts(), [Fault.LATE], late_by=3)
    with pytest.raises(BillingUnavailable):
        flaky.grant(GRANT)
    assert [flaky.has_grant(GRANT.key) for _ in range(4)] == [False, False, True, True]


def test_a_late_grant_that_was_sent_again_counts_once() -> None:
    flaky = FlakyBilling(ContinuousDiscounts(), [Fault.LATE])
    with pytest.raises(BillingUnavailable):
        flaky.grant(GRANT)
    flaky.grant(GRANT)
    flaky.recover()
    assert flaky.balance("A1") == balance(granted="10")


def test_a_late_transfer_that_was_asked_for_again_is_made_once() -> None:
    flaky = FlakyBilling(ContinuousDiscounts(), [None, Fault.LATE])
    flaky.grant(GRANT)
    with pytest.raises(BillingUnavailable):
        flaky.transfer("A1", "A2", Money("4"), at=day(1), key="T1")
    assert flaky.transfer("A1", "A2", Money("4"), at=day(1), key="T1") == Money("4")
    flaky.recover()
    assert flaky.balance("A2") == balance(transferred_in="4")


def test_recovering_ends_all_faults() -> None:
    flaky = FlakyBilling(ContinuousDiscounts(), cycle(Fault))
    for _ in range(6):
        with pytest.raises(BillingUnavailable):
            flaky.grant(GRANT)
    flaky.recover()
    flaky.grant(GRANT)
    assert flaky.balance("A1") == balance(granted="10")


@pytest.mark.parametrize("fault", [Fault.AFTER, Fault.MIDDLE])
def test_a_refusal_is_lost_like_any_other_answer(fault: Fault) -> None:
    flaky = FlakyBilling(ContinuousDiscounts(), [fault])
    with pytest.raises(BillingUnavailable):
        flaky.transfer("A1", "A2", PLENTY, at=day(1), key="T1")
    with refused("amount-exceeds-unused"):
        flaky.transfer("A1", "A2", PLENTY, at=day(1), key="T1")


def test_a_late_grant_that_is_refused_disturbs_nobody() -> None:
    flaky = FlakyBilling(ContinuousDiscounts(currency="SEK"), [Fault.LATE], late_by=1)
    with pytest.raises(BillingUnavailable):
        flaky.grant(GRANT)
    assert not flaky.has_grant(GRANT.key)


def test_what_cannot_be_undone_cannot_be_cut_off() -> None:
    flaky = FlakyBilling(FlakyBilling(ContinuousDiscounts()), [Fault.MIDDLE])
    with pytest.raises(TypeError, match="FlakyBilling cannot be cut off in the middle"):
        flaky.grant(GRANT)


def insist(billing: Billing, due: Grant) -> None:
    """Post a grant as a caller must: whenever there was no answer, ask by key before sending again."""
    sent = False
    while True:
        try:
            if not (sent and billing.has_grant(due.key)):
                sent = True
                billing.grant(due)
        except BillingUnavailable:
            continue
        return


@pytest.mark.rule("B2")
@given(st.lists(faults, max_size=40), st.integers(1, 6))
def test_whoever_insists_is_granted_once(script: list[Fault | None], late_by: int) -> None:
    world = ContinuousDiscounts()
    flaky = FlakyBilling(world, script, late_by=late_by)
    for number in range(4):
        insist(flaky, grant(f"K{number}", "10"))
    flaky.recover()
    assert world.balance("A1") == balance(granted="40")


@pytest.mark.rule("B2")
def test_many_who_insist_at_once_are_granted_once_each() -> None:
    world = ContinuousDiscounts()
    flaky = FlakyBilling(world, cycle([*Fault, None, Fault.LATE, None, None]))

    def act(number: int) -> None:
        for turn in range(CONTENDERS):
            insist(flaky, grant(f"K{(number + turn) % CONTENDERS}", "10"))

    Race(act)
    flaky.recover()
    assert world.balance("A1") == balance(granted=str(10 * CONTENDERS))


def test_a_store_takes_it_in_place_of_its_own() -> None:
    store = MemoryStore(billing=FlakyBilling(ContinuousDiscounts(), [Fault.AFTER]))
    with pytest.raises(BillingUnavailable), store.transaction():
        store.billing.grant(GRANT)
    assert store.billing.has_grant(GRANT.key)
