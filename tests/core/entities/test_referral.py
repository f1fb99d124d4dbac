"""Referrals: both amounts locked, judged at one moment, open until granted or cancelled."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given

from referral_core.entities.referral import FeeNote, Referral, ReferralStatus
from tests.phrases import at, euros, offer, period, referral, refused
from tests.strategies import referrals

RECORDED = referral()
GRANTED = referral().granted(at("2021-02-01"))
CANCELLED = referral().cancelled(at("2021-01-20"))
NOTE = FeeNote(euros("3.50"), "moved out after a month", at("2021-03-01"), "Mari")


# ── recorded ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S7")
def test_a_referral_is_recorded_with_both_amounts_and_nothing_paid() -> None:
    assert RECORDED.status is ReferralStatus.RECORDED
    assert (RECORDED.granted_at, RECORDED.cancelled_at, RECORDED.fee_notes) == (None, None, ())
    assert RECORDED.referrer_offer.amount == euros("10")
    assert RECORDED.referee_offer.amount == euros("7")


@pytest.mark.rule("S7", "S10")
def test_code_and_amounts_are_judged_at_the_honoured_moment_where_there_is_one() -> None:
    assert referral(concluded="2021-03-15").judged_at == at("2021-03-15")
    assert referral(concluded="2021-03-15", honoured="2021-01-10").judged_at == at("2021-01-10")


@pytest.mark.rule("S4", "B9")
def test_a_referral_is_live_until_it_is_cancelled() -> None:
    assert RECORDED.is_live
    assert GRANTED.is_live
    assert not CANCELLED.is_live


# ── granted, cancelled ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B1")
def test_a_referral_is_granted_when_its_contract_activates() -> None:
    assert attrs.evolve(RECORDED, status=ReferralStatus.GRANTED, granted_at=at("2021-02-01")) == GRANTED


@pytest.mark.rule("B9")
def test_a_referral_is_cancelled_when_its_contract_is_withdrawn() -> None:
    assert attrs.evolve(RECORDED, status=ReferralStatus.CANCELLED, cancelled_at=at("2021-01-20")) == CANCELLED


@pytest.mark.rule("B10")
def test_a_granted_referral_is_cancelled_when_its_contract_is_annulled() -> None:
    cancelled = GRANTED.cancelled(at("2021-05-01"))
    assert (cancelled.status, cancelled.cancelled_at) == (ReferralStatus.CANCELLED, at("2021-05-01"))
    assert not cancelled.is_live
    with refused("contract-ended", naming="contract-B"):
        CANCELLED.cancelled(at("2021-05-01"))


@pytest.mark.rule("B2", "B9", "D7")
@pytest.mark.parametrize(
    ("stage", "reason"), [(GRANTED, "contract-active"), (CANCELLED, "contract-ended")], ids=["granted", "cancelled"]
)
def test_after_that_nothing_is_granted_or_changed_again(stage: Referral, reason: str) -> None:
    with refused(reason, naming="contract-B"):
        stage.granted(at("2021-05-01"))
    with refused(reason, naming="contract-B"):
        stage.with_referee_offer(offer("referee-manual", "5"))


@pytest.mark.rule("S7")
@given(referrals())
def test_granting_and_cancelling_leave_the_locked_amounts_alone(recorded: Referral) -> None:
    for after in (recorded.granted(at("2021-06-01")), recorded.cancelled(at("2021-06-01"))):
        assert (after.referrer_offer, after.referee_offer) == (recorded.referrer_offer, recorded.referee_offer)
        assert after.judged_at == recorded.judged_at


# ── another group ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D7", "S7")
def test_a_change_of_group_changes_the_referees_offer_and_nothing_else() -> None:
    manual = offer("referee-manual", "5", "2021-01-01 .. 2021-06-01")
    changed = RECORDED.with_referee_offer(manual)
    assert changed == attrs.evolve(RECORDED, referee_offer=manual)
    assert changed.referee_offer.period == period("2021-01-01 .. 2021-06-01")
    assert changed.referrer_offer == RECORDED.referrer_offer
    assert changed.with_referee_offer(RECORDED.referee_offer) == RECORDED


@pytest.mark.rule("D7")
@given(referrals())
def test_a_group_can_be_changed_until_the_contract_activates(recorded: Referral) -> None:
    manual = offer("referee-manual", "5")
    assert recorded.with_referee_offer(manual).status is ReferralStatus.RECORDED
    assert recorded.with_referee_offer(manual).granted(at("2021-06-01")).referee_offer == manual


# ── notes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B8")
def test_notes_of_paying_back_are_kept_in_order_and_post_nothing() -> None:
    other = attrs.evolve(NOTE, amount=euros("1"))
    noted = GRANTED.with_fee_note(NOTE).with_fee_note(other)
    assert noted.fee_notes == (NOTE, other)
    assert attrs.evolve(noted, fee_notes=()) == GRANTED


# ── a value's manners ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S7")
def test_a_referral_never_changes() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        RECORDED.referrer_offer = offer("referrer", "100")  # type: ignore[misc]  # it is frozen
    assert referral() == referral()
    assert hash(referral()) == hash(referral())
