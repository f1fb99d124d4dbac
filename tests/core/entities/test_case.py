"""Cases: what a failed self-service sign-up carries, until it is finished once or abandoned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import given

from referral_core.entities.case import CASE_TYPE, CarriedOffer, Case, CaseStatus
from referral_core.values.errors import Reason
from tests.phrases import TICK, at, case, euros, offer, refused
from tests.strategies import cases

if TYPE_CHECKING:
    from collections.abc import Callable

CARRIED = CarriedOffer("A123", offer("referrer", "10"), offer("referee-self-service", "7"))
CLOSING = at("2021-01-20")


@pytest.mark.rule("K1")
def test_a_case_carries_the_code_and_the_new_customers_amount() -> None:
    told = case(carrying=CARRIED)
    assert told.characteristics == {"Promo code": "A123", "Discount amount": "7.00 EUR"}
    assert (told.promo_code, told.discount_amount) == ("A123", euros("7"))
    assert told.status is CaseStatus.OPEN
    assert CASE_TYPE == "LT-SUPCRQ"


@pytest.mark.rule("K1")
def test_a_case_with_an_unusable_code_carries_nothing_and_says_why() -> None:
    told = case(warned=(Reason.CODE_ENDED, Reason.NO_AMOUNT))
    assert told.characteristics == {}
    assert (told.promo_code, told.discount_amount) == (None, None)
    assert told.warnings == (Reason.CODE_ENDED, Reason.NO_AMOUNT)


@pytest.mark.rule("K1")
@given(cases())
def test_a_case_shows_both_characteristics_or_neither(told: Case) -> None:
    assert set(told.characteristics) in (set(), {"Promo code", "Discount amount"})
    assert bool(told.characteristics) == (told.carried is not None) == (told.promo_code is not None)
    assert (told.discount_amount is None) == (told.promo_code is None)


@pytest.mark.rule("K2")
@given(cases())
def test_finishing_a_case_names_the_contract_and_keeps_what_it_carries(told: Case) -> None:
    finished = told.finished("contract-B", CLOSING)
    assert finished == attrs.evolve(told, status=CaseStatus.FINISHED, contract="contract-B", closed_at=CLOSING)
    assert finished.carried == told.carried


@pytest.mark.rule("K3")
@given(cases())
def test_an_abandoned_case_has_no_contract(told: Case) -> None:
    assert told.abandoned(CLOSING) == attrs.evolve(told, status=CaseStatus.ABANDONED, closed_at=CLOSING)
    assert told.abandoned(CLOSING).contract is None


@pytest.mark.rule("K3")
@pytest.mark.parametrize(
    "closed",
    [case().finished("contract-B", CLOSING), case().abandoned(CLOSING)],
    ids=["finished", "abandoned"],
)
@pytest.mark.parametrize(
    "act",
    [lambda told: told.finished("contract-C", CLOSING), lambda told: told.abandoned(CLOSING)],
    ids=["finish", "abandon"],
)
def test_a_case_is_closed_once(closed: Case, act: Callable[[Case], Case]) -> None:
    with refused("case-closed", naming="case-1"):
        act(closed)


@pytest.mark.rule("K1")
def test_a_case_never_changes() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        case().status = CaseStatus.FINISHED  # type: ignore[misc]  # it is frozen
    assert case(carrying=CARRIED) == case(carrying=CARRIED)
    assert hash(case(carrying=CARRIED)) == hash(case(carrying=CARRIED))


@pytest.mark.rule("R3")
def test_a_case_is_known_from_its_opening_and_closed_from_its_closing() -> None:
    told = case()
    finished = told.finished("contract-B", CLOSING)
    assert finished.known_at(told.opened_at - TICK) is None
    assert finished.known_at(told.opened_at) == finished.known_at(CLOSING - TICK) == told
    assert finished.known_at(CLOSING) == finished
    abandoned = told.abandoned(CLOSING)
    assert [abandoned.known_at(moment) for moment in (CLOSING - TICK, CLOSING)] == [told, abandoned]


@pytest.mark.rule("R3")
def test_a_case_closed_at_a_moment_nobody_kept_counts_as_closed() -> None:
    old = attrs.evolve(case().abandoned(CLOSING), closed_at=None)
    assert old.known_at(old.opened_at) == old
