"""Contracts at the desk: what activating, withdrawing and terminating return, refuse and leave alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
import pytest

from referral_core import CodeStatus, ContractStatus, Grant, ReferralStatus, Side
from referral_core.entities.promo_code import Ending, Issuing
from referral_core.services.contracts import Activation, ContractEnd
from referral_core.values.history import Recorded
from tests.office import HOUSEHOLD, NOON, SYSTEM, Office
from tests.phrases import TICK, at, euros, refused

MARCH: Final = "2021-03-01 12:00"
STRICT: Final = attrs.evolve(HOUSEHOLD, pay_ended_referrer=False)

# ── activating ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B1", "C3")
def test_an_activation_brings_the_referral_its_two_grants_and_the_accounts_own_code() -> None:
    office = Office().with_amounts()
    code = office.referrer("A")
    signed = office.concluded("K1", on="B", code=code)
    assert signed.referral is not None
    assert signed.issued is not None
    activation = office.activated("K1", MARCH)
    assert activation == Activation(
        contract=attrs.evolve(signed.contract, status=ContractStatus.ACTIVE, activated_at=at(MARCH)),
        referral=attrs.evolve(signed.referral, status=ReferralStatus.GRANTED, granted_at=at(MARCH)),
        grants=(
            Grant(referral="K1", side=Side.REFEREE, account="B", amount=euros("7"), effective_from=at(MARCH)),
            Grant(referral="K1", side=Side.REFERRER, account="A", amount=euros("10"), effective_from=at(MARCH)),
        ),
        started=attrs.evolve(signed.issued, starts_at=at(MARCH)),
        issued=None,
    )
    assert set(office.store.grants.all()) == set(activation.grants)
    assert office.store.contracts.find("K1") == activation.contract
    assert office.store.referrals.find("K1") == activation.referral
    due = office.traced("referral:K1")[-2:]
    for row, amount, key in zip(due, ("7.00 EUR", "10.00 EUR"), ("referee/K1", "referrer/K1"), strict=True):
        assert (row.act, row.after, row.moment) == ("grant.due", {"grant": key, "amount": amount}, at(MARCH))


@pytest.mark.rule("B1")
def test_without_a_referral_an_activation_brings_no_grants() -> None:
    office = Office().with_amounts()
    office.concluded("K1", on="B", product="gas")
    contract = office.store.contracts.find("K1")
    assert contract is not None
    assert office.activated("K1", MARCH) == Activation(contract.activated(at(MARCH)))


@pytest.mark.rule("C4")
def test_an_activation_may_issue_a_code_that_is_active_at_once() -> None:
    office = Office()
    office.referrer("A")
    office.concluded("K2", on="A")
    office.terminated("K-A", "2021-02-15")
    activation = office.activated("K2", MARCH)
    assert activation.started is None
    assert activation.issued is not None
    assert (activation.issued.starts_at, activation.issued.issuing) == (at(MARCH), Issuing.AUTOMATIC)


@pytest.mark.rule("B1", "C4")
def test_a_referral_may_come_with_a_code_issued_at_once() -> None:
    office = Office().with_amounts()
    office.concluded("K1", on="B", code=office.referrer("A"))
    office.supplied("K2", on="B", when="2021-02-10")
    assert office.terminated("K2", "2021-02-20").ended is not None
    activation = office.activated("K1", MARCH)
    assert activation.started is None
    assert activation.issued is not None
    assert activation.issued == office.session(MARCH).codes.present("B")
    assert [grant.account for grant in activation.grants] == ["B", "A"]


@pytest.mark.rule("B1", "C7")
def test_a_referral_is_granted_where_no_code_is_issued_any_more() -> None:
    office = Office().with_amounts()
    own = office.concluded("K1", on="B", code=office.referrer("A")).issued
    assert own is not None
    office.session(NOON).codes.end(own.text)
    activation = office.activated("K1", MARCH)
    assert (activation.started, activation.issued) == (None, None)
    assert [grant.account for grant in activation.grants] == ["B", "A"]


@pytest.mark.rule("C3", "A2")
def test_an_activation_without_a_referral_starts_the_code() -> None:
    office = Office()
    pending = office.concluded("K1", on="B").issued
    assert pending is not None
    activation = office.activated("K1", MARCH)
    assert activation == Activation(activation.contract, started=attrs.evolve(pending, starts_at=at(MARCH)))
    row = office.traced("B")[-1]
    assert (row.act, row.moment) == ("code.start", at(MARCH))
    assert (row.before or {})["starts_at"] is None
    assert (row.after or {})["starts_at"] == "2021-03-01T10:00:00Z"


@pytest.mark.rule("C3")
def test_the_code_of_an_account_starts_once() -> None:
    office = Office()
    office.referrer("A")
    office.concluded("K2", on="A")
    activation = office.activated("K2", MARCH)
    assert (activation.started, activation.issued) == (None, None)


@pytest.mark.rule("C3", "P1")
def test_a_product_that_keeps_no_code_starts_none() -> None:
    office = Office(attrs.evolve(HOUSEHOLD, products=("electricity", "gas", "solar")))
    office.concluded("K1", on="A")
    office.concluded("K2", on="A", product="solar")
    solar = office.activated("K2", MARCH)
    assert solar == Activation(solar.contract)
    assert office.activated("K1", MARCH).started is not None


@pytest.mark.rule("D8", "B1")
@pytest.mark.parametrize(
    ("referrer", "referee", "sides"),
    [("10", "0", [Side.REFERRER]), ("0", "7", [Side.REFEREE]), ("0", "0", []), ("0.01", "0", [Side.REFERRER])],
)
def test_a_side_that_gets_nothing_has_no_grant(referrer: str, referee: str, sides: list[Side]) -> None:
    office = Office().with_amounts(referrer=referrer, self_service=referee)
    office.concluded("K1", on="B", code=office.referrer("A"))
    activation = office.activated("K1", MARCH)
    assert [grant.side for grant in activation.grants] == sides
    assert activation.referral is not None
    assert activation.referral.status is ReferralStatus.GRANTED
    assert [grant.side for grant in office.store.grants.all()] == sides


# ── B5: a referrer whose code or contract has ended ───────────────────────────────────────────────────────────────────


def stands(office: Office) -> None:
    """Leave the referrer as they are."""


def code_ended_by_hand(office: Office) -> None:
    (code,) = office.store.promo_codes.of_account("A")
    office.session("2021-02-15").codes.end(code.text)


def contract_ended(office: Office) -> None:
    office.terminated("K-A", "2021-02-15")


def contract_ended_and_a_new_code_has_started(office: Office) -> None:
    contract_ended(office)
    office.concluded("K-A2", on="A", when="2021-02-20")
    office.activated("K-A2", "2021-02-20")


def code_ends_at_the_activation(office: Office) -> None:
    (code,) = office.store.promo_codes.of_account("A")
    office.session(NOON).codes.end(code.text, ends_at=at(MARCH))


def code_ends_just_after_the_activation(office: Office) -> None:
    (code,) = office.store.promo_codes.of_account("A")
    office.session(NOON).codes.end(code.text, ends_at=at(MARCH) + TICK)


def contract_is_on_a_product_that_keeps_no_code(office: Office) -> None:
    """Leave the code active by gas alone."""
    office.supplied("K-A2", on="A")
    contract_ended(office)


@pytest.mark.rule("B5")
@pytest.mark.parametrize(
    ("then", "is_paid"),
    [
        (stands, True),
        (code_ended_by_hand, False),
        (contract_ended, False),
        (contract_ended_and_a_new_code_has_started, False),
        (code_ends_at_the_activation, False),
        (code_ends_just_after_the_activation, True),
        (contract_is_on_a_product_that_keeps_no_code, True),
    ],
)
def test_a_programme_may_pay_only_referrers_who_still_stand(then: Callable[[Office], None], is_paid: bool) -> None:
    for programme, expected in ((STRICT, is_paid), (HOUSEHOLD, True)):
        office = Office(programme).with_amounts()
        office.concluded("K1", on="B", code=office.referrer("A"))
        then(office)
        activation = office.activated("K1", MARCH)
        assert [grant.account for grant in activation.grants] == (["B", "A"] if expected else ["B"])
        assert activation.referral is not None
        assert activation.referral.status is ReferralStatus.GRANTED


@pytest.mark.rule("B5")
def test_a_code_without_a_contract_behind_it_does_not_stand() -> None:
    office = Office(STRICT).with_amounts()
    code = office.referrer("A")
    office.concluded("K1", on="B", code=code)
    (present,) = office.store.promo_codes.of_account("A")
    office.terminated("K-A", "2021-02-15")
    office.store.promo_codes.replace(present, at=at(MARCH))
    assert [grant.account for grant in office.activated("K1", MARCH).grants] == ["B"]


# ── withdrawing and terminating ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B9", "C3")
def test_a_withdrawal_cancels_the_referral_and_ends_the_pending_code() -> None:
    office = Office().with_amounts()
    signed = office.concluded("K1", on="B", code=office.referrer("A"))
    assert signed.referral is not None
    assert signed.issued is not None
    end = office.withdrawn("K1", MARCH)
    assert end == ContractEnd(
        contract=attrs.evolve(signed.contract, status=ContractStatus.WITHDRAWN, ended_at=at(MARCH)),
        cancelled=attrs.evolve(signed.referral, status=ReferralStatus.CANCELLED, cancelled_at=at(MARCH)),
        ended=attrs.evolve(signed.issued, ends_at=at(MARCH), ending=Ending.CONTRACTS_ENDED),
    )
    assert office.store.referrals.find("K1") == end.cancelled
    assert office.store.referrals.live_of("b") == ()
    row = office.traced("referral:K1")[-1]
    assert (row.act, (row.before or {})["status"], (row.after or {})["status"]) == (
        "referral.cancel",
        "recorded",
        "cancelled",
    )


@pytest.mark.rule("B9")
def test_without_a_referral_a_withdrawal_cancels_none() -> None:
    office = Office()
    office.concluded("K0", on="B")
    signed = office.concluded("K1", on="B")
    assert office.withdrawn("K1", MARCH) == ContractEnd(signed.contract.withdrawn(at(MARCH)))


@pytest.mark.rule("C3")
def test_without_a_referral_a_withdrawal_still_ends_the_pending_code() -> None:
    office = Office()
    pending = office.concluded("K1", on="B").issued
    assert pending is not None
    end = office.withdrawn("K1", MARCH)
    assert end == ContractEnd(end.contract, ended=pending.ended(at(MARCH), Ending.CONTRACTS_ENDED))


@pytest.mark.rule("S7", "B1", "B9")
def test_every_state_of_a_referral_is_kept_with_the_moment_it_was_recorded() -> None:
    office = Office().with_amounts()
    code = office.referrer("A")
    recorded = office.concluded("K1", on="B", code=code).referral
    changed = office.session("2021-02-15").referrals.change_group("K1", group="referee-manual")
    granted = office.activated("K1", MARCH).referral
    states = [(at(NOON), recorded), (at("2021-02-15"), changed), (at(MARCH), granted)]
    assert [(each.recorded_at, each.state) for each in office.store.referrals.history("K1")] == states
    office.concluded("K2", on="C", code=code)
    cancelled = office.withdrawn("K2", MARCH).cancelled
    assert office.store.referrals.history("K2")[-1] == Recorded(cancelled, at(MARCH), 2)


@pytest.mark.rule("B4", "C4")
def test_a_termination_ends_the_code_and_leaves_referral_and_grants() -> None:
    office = Office().with_amounts()
    office.granted("K1", on="B", code=office.referrer("A"))
    before = [*office.store.referrals.all()], [*office.store.grants.all()], office.unused("A"), office.unused("B")
    end = office.terminated("K1", MARCH)
    assert end.contract.status is ContractStatus.TERMINATED
    assert end.cancelled is None
    assert end.ended is not None
    assert (end.ended.ends_at, end.ended.ending) == (at(MARCH), Ending.CONTRACTS_ENDED)
    assert end.ended.status_at(at(MARCH)) is CodeStatus.ENDED
    row = office.traced("B")[-1]
    assert (row.act, (row.before or {})["ends_at"], (row.after or {})["ending"]) == (
        "code.end",
        None,
        "contracts-ended",
    )
    assert before == (
        [*office.store.referrals.all()],
        [*office.store.grants.all()],
        office.unused("A"),
        office.unused("B"),
    )


@pytest.mark.rule("C4")
def test_a_termination_beside_another_contract_ends_no_code() -> None:
    office = Office()
    office.referrer("A")
    office.supplied("K2", on="A")
    assert office.terminated("K-A", MARCH).ended is None


# ── refusals ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fact", ["activate", "withdraw", "terminate"])
def test_a_contract_that_nobody_concluded_is_unknown(fact: str) -> None:
    with refused("contract-unknown", field="contract", naming="K9"):
        getattr(Office().desk.session(actor=SYSTEM, now=at(NOON)).contracts, fact)("K9")


def test_nothing_happens_before_what_comes_before_it() -> None:
    office = Office()
    office.concluded("K1", on="A")
    early = at(NOON) - TICK
    with refused("moment-invalid", field="at", naming="cannot activate before"):
        office.desk.session(actor=SYSTEM, now=early).contracts.activate("K1")
    with refused("moment-invalid", field="at", naming="cannot withdraw before"):
        office.desk.session(actor=SYSTEM, now=early).contracts.withdraw("K1")
    assert office.session(NOON).contracts.activate("K1").contract.activated_at == at(NOON)
    with refused("moment-invalid", field="at", naming="cannot terminate before"):
        office.desk.session(actor=SYSTEM, now=early).contracts.terminate("K1")
    assert office.session(NOON).contracts.terminate("K1").contract.ended_at == at(NOON)
    with refused("contract-ended"):
        office.session(NOON).contracts.activate("K1")
