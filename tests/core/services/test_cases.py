"""Cases at the desk: what opening, finishing and abandoning return and refuse."""

from __future__ import annotations

from datetime import date
from typing import Final

import attrs
import pytest

from referral_core import Actor, Case, CaseStatus, Referral, Role
from referral_core.entities.case import CarriedOffer
from referral_core.entities.trace import PROGRAMME_SUBJECT
from referral_core.services.cases import FinishedCase, OpenedCase
from referral_core.values.errors import Reason
from tests.office import HOUSEHOLD, NOON, SYSTEM, Office
from tests.phrases import TICK, at, euros, offer, refused

MARI: Final = Actor("Mari", Role.AGENT)
NOW: Final = at(NOON)
MARCH: Final = at("2021-03-01 12:00")
CARRIED: Final = CarriedOffer(
    "A123", offer("referrer", "10", "2021-01-01 .."), offer("referee-self-service", "7", "2021-01-01 ..")
)


def told() -> Office:
    """Return an office with amounts, and the active code A123 of account A."""
    office = Office().with_amounts()
    office.referrer("A")
    office.session("2021-01-06").codes.issue("A", code="A123", replace=True)
    return office


def opened(office: Office, code: str | None = "A123", case: str = "case-1", customer: str = "b") -> OpenedCase:
    return office.desk.session(actor=SYSTEM, now=NOW).cases.open(case, customer=customer, code=code)


# ── opening ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("K1")
def test_a_case_with_a_usable_code_carries_both_offers_of_its_moment() -> None:
    office = told()
    case = opened(office, " a-123")
    decision = office.desk.session(actor=SYSTEM, now=NOW).codes.check("A123", customer="b")
    expected = Case(
        id="case-1", customer="b", opened_at=NOW, product="electricity", segment="household", carried=CARRIED
    )
    assert case == OpenedCase(expected, decision)
    assert office.store.cases.find("case-1") == expected
    assert expected.characteristics == {"Promo code": "A123", "Discount amount": "7.00 EUR"}
    (row,) = office.traced(PROGRAMME_SUBJECT)
    assert (row.act, row.before) == ("case.open", None)
    assert row.after == {"case": "case-1", "status": "open", "contract": None, **expected.characteristics}


@pytest.mark.rule("K1")
def test_a_case_without_a_code_has_no_decision() -> None:
    office = told()
    case = opened(office, None)
    assert case.decision is None
    assert (case.case.carried, case.case.warnings, case.case.characteristics) == (None, (), {})


@pytest.mark.rule("K1")
def test_a_case_with_an_unusable_code_says_why() -> None:
    office = told()
    case = opened(office, customer="a")
    assert case.decision is not None
    assert case.case.warnings == case.decision.reasons == (Reason.EXISTING_CUSTOMER, Reason.SELF_REFERRAL)
    assert case.case.carried is None


@pytest.mark.rule("K1", "S11")
@pytest.mark.parametrize(("product", "segment"), [("solar", "household"), ("gas", "industry"), ("solar", "industry")])
def test_a_case_is_judged_for_its_own_product_and_segment(product: str, segment: str) -> None:
    office = told()
    case = office.desk.session(actor=SYSTEM, now=NOW).cases.open(
        "case-1", customer="b", code="A123", product=product, segment=segment
    )
    assert case.case.warnings == (Reason.NOT_ELIGIBLE,)
    assert (case.case.product, case.case.segment) == (product, segment)


@pytest.mark.rule("K1")
def test_a_case_is_opened_once() -> None:
    office = told()
    opened(office)
    with refused("case-exists", field="case", naming="case-1"):
        opened(office, customer="c")


# ── finishing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("K2", "S10")
def test_finishing_records_the_referral_of_the_cases_moment() -> None:
    office = told()
    case = opened(office).case
    office.desk.session(actor=SYSTEM, now=NOW + TICK).codes.end("A123")
    office.desk.session(actor=SYSTEM, now=NOW + TICK).groups.set_amount("referee-self-service", euros("99"))
    finished = office.desk.session(actor=MARI, now=MARCH).cases.finish(
        "case-1", contract="K1", account="B", customer="b", starts_on=date(2021, 4, 1)
    )
    assert isinstance(finished, FinishedCase)
    assert finished.case == attrs.evolve(case, status=CaseStatus.FINISHED, contract="K1", closed_at=MARCH)
    assert finished.sign_up.referral == Referral(
        contract="K1",
        code="A123",
        referrer="A",
        referrer_customer="a",
        referee="B",
        referee_customer="b",
        concluded_at=MARCH,
        channel="sales-portal",
        referrer_offer=CARRIED.referrer,
        referee_offer=CARRIED.referee,
        honoured_moment=NOW,
        case="case-1",
    )
    contract = finished.sign_up.contract
    assert (contract.product, contract.segment, contract.starts_on) == ("electricity", "household", date(2021, 4, 1))
    assert office.store.cases.find("case-1") == finished.case
    row = office.traced("B")[-1]
    assert (row.act, row.actor, row.before) == ("case.finish", "Mari", {"case": "case-1", "status": "open"})
    assert row.after == {"case": "case-1", "status": "finished", "contract": "K1", **case.characteristics}
    reasons = {row.act: row.reason for row in [*office.traced("B"), *office.traced("referral:K1")]}
    assert reasons["referral.record"] == reasons["contract.concluded"] == "case case-1"


@pytest.mark.rule("K2")
def test_what_a_case_carries_is_used_though_the_code_turns_out_to_have_ended_before() -> None:
    office = told()
    opened(office)
    office.desk.session(actor=SYSTEM, now=NOW - TICK).codes.end("A123")
    assert office.desk.session(actor=SYSTEM, now=NOW).codes.check("A123").reasons == (Reason.CODE_ENDED,)
    finished = office.desk.session(actor=SYSTEM, now=MARCH).cases.finish(
        "case-1", contract="K1", account="B", customer="b"
    )
    assert finished.sign_up.referral is not None
    assert finished.sign_up.referral.referee_offer == CARRIED.referee


@pytest.mark.rule("K2")
def test_a_case_can_be_finished_at_the_moment_it_was_opened() -> None:
    office = told()
    opened(office)
    finished = office.desk.session(actor=SYSTEM, now=NOW).cases.finish(
        "case-1", contract="K1", account="B", customer="b"
    )
    assert finished.sign_up.referral is not None
    assert finished.sign_up.referral.honoured_moment == NOW


@pytest.mark.rule("K2", "D7")
def test_another_group_may_be_chosen_and_is_judged_at_the_cases_moment() -> None:
    office = told()
    opened(office)
    office.desk.session(actor=SYSTEM, now=NOW + TICK).groups.set_amount("referee-manual", euros("99"))
    finished = office.desk.session(actor=MARI, now=MARCH).cases.finish(
        "case-1", contract="K1", account="B", customer="b", group="referee-manual"
    )
    assert finished.sign_up.referral is not None
    assert finished.sign_up.referral.referee_offer.amount == euros("8")
    assert finished.sign_up.referral.referrer_offer == CARRIED.referrer


@pytest.mark.rule("K2")
@pytest.mark.parametrize("code", [None, "B999"])
def test_a_case_that_carries_nothing_is_finished_without_a_code(code: str | None) -> None:
    office = told()
    opened(office, code)
    sign_up = (
        office.desk.session(actor=MARI, now=MARCH)
        .cases.finish("case-1", contract="K1", account="B", customer="b")
        .sign_up
    )
    assert (sign_up.decision, sign_up.referral, sign_up.contract.warnings) == (None, None, ())


@pytest.mark.rule("K2", "S9", "P1")
@pytest.mark.parametrize("channel", ["self-service", "sales-portal"])
def test_in_no_channel_does_a_case_block(channel: str) -> None:
    office = told()
    opened(office)
    office.supplied("K0", on="B")
    finished = office.desk.session(actor=SYSTEM, now=MARCH).cases.finish(
        "case-1", contract="K1", account="B", customer="b", channel=channel
    )
    assert finished.sign_up.referral is None
    assert finished.sign_up.contract.warnings == (Reason.EXISTING_CUSTOMER,)
    assert finished.sign_up.contract.warned_code == "A123"
    assert finished.case.status is CaseStatus.FINISHED


@pytest.mark.rule("K2", "S11")
def test_product_and_segment_may_be_others_than_the_cases() -> None:
    office = told()
    opened(office)
    finished = office.desk.session(actor=SYSTEM, now=MARCH).cases.finish(
        "case-1", contract="K1", account="B", customer="b", product="solar", segment="shop"
    )
    assert finished.sign_up.contract.warnings == (Reason.NOT_ELIGIBLE,)
    assert (finished.sign_up.contract.product, finished.sign_up.contract.segment) == ("solar", "shop")


@pytest.mark.rule("A1")
def test_who_manages_households_does_not_finish_a_case_as_a_companys() -> None:
    office = told()
    opened(office)
    before = office.state()
    agent = Actor("Mari", Role.AGENT, frozenset({"household"}))
    with refused("not-allowed", field="actor"):
        office.desk.session(actor=agent, now=MARCH).cases.finish(
            "case-1", contract="K1", account="B", customer="b", segment="micro-business"
        )
    assert office.state() == before


@pytest.mark.rule("K2", "K3")
def test_what_finishing_and_abandoning_refuse() -> None:
    office = told()
    opened(office)

    def finish(case: str = "case-1", customer: str = "b", contract: str = "K1", group: str | None = None) -> None:
        office.desk.session(actor=SYSTEM, now=MARCH).cases.finish(
            case, contract=contract, account="B", customer=customer, group=group
        )

    before = office.state()
    with refused("case-unknown", field="case", naming="case-9"):
        finish("case-9")
    with refused("case-unknown", field="case", naming="case-9"):
        office.desk.session(actor=SYSTEM, now=MARCH).cases.abandon("case-9")
    with refused("not-same-customer", field="customer", naming="case-1"):
        finish(customer="c")
    with refused("contract-exists", field="contract"):
        finish(contract="K-A")
    with refused("group-unknown", field="group"):
        finish(group="referrer")
    with refused("moment-invalid", field="honour.moment"):
        office.desk.session(actor=SYSTEM, now=NOW - TICK).cases.finish(
            "case-1", contract="K1", account="B", customer="b"
        )
    assert office.state() == before
    finish()
    with refused("case-closed"):
        finish(contract="K2")
    with refused("case-closed"):
        office.desk.session(actor=SYSTEM, now=MARCH).cases.abandon("case-1")


# ── abandoning ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("K3")
def test_an_abandoned_case_leaves_no_referral() -> None:
    office = told()
    case = opened(office).case
    abandoned = office.desk.session(actor=MARI, now=MARCH).cases.abandon("case-1")
    assert abandoned == attrs.evolve(case, status=CaseStatus.ABANDONED, closed_at=MARCH)
    assert office.store.cases.find("case-1") == abandoned
    assert list(office.store.referrals.all()) == []
    row = office.traced(PROGRAMME_SUBJECT)[-1]
    assert (row.act, row.actor, row.before) == ("case.abandon", "Mari", {"case": "case-1", "status": "open"})
    assert row.after == {"case": "case-1", "status": "abandoned", "contract": None, **case.characteristics}
    with refused("case-closed"):
        office.desk.session(actor=SYSTEM, now=MARCH).cases.finish("case-1", contract="K1", account="B", customer="b")


@pytest.mark.rule("K1", "P1")
def test_a_case_goes_by_the_programmes_settings() -> None:
    office = Office(attrs.evolve(HOUSEHOLD, existing_customer_products=("electricity",))).with_amounts()
    code = office.referrer("A")
    office.supplied("K1", on="B")
    assert opened(office, code).case.carried is not None
