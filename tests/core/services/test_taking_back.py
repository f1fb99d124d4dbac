"""Grants taken back, by an annulled contract or by staff who void a referral; and cancelled bills (B10-B13)."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import attrs
import pytest

from referral_adapters.memory import ContinuousDiscounts, Fault, FlakyBilling, FlakyLedger
from referral_core import Actor, Programme, Side
from referral_core.entities.actor import Role
from referral_core.entities.contract import ContractStatus
from referral_core.entities.grant import GrantStatus
from referral_core.entities.promo_code import CodeStatus
from referral_core.entities.referral import ReferralStatus
from referral_core.entities.reversal import Reversal, ReversalStatus, reversal_key
from referral_core.known_at import Knowledge
from referral_core.ports.billing import UseTelling
from referral_core.programme.settings import Annulment, FeePolicy
from referral_core.services.payouts import Backlog, PayRun
from referral_core.session import ACTS
from referral_core.values.errors import BillingUnavailable, ConcurrentChange, Reason, Refusal
from tests.core.services.test_holds import MARI, earned, grants, hold, office, stored, void
from tests.office import WHY, Office
from tests.phrases import at, euros, refused

ACTIVE, BILLED, LATER, LAST = "2021-03-01 12:00", "2021-03-03 12:00", "2021-03-05 12:00", "2021-03-09 12:00"
REFERRER, REFEREE = reversal_key("referrer/K1", "A"), reversal_key("referee/K1", "B")


def granted(at_work: Office | None = None) -> Office:
    """Return an office in which B is supplied by A's code and both were paid; A's bill of 4 has used that much."""
    at_work = at_work or office()
    at_work.activated("K1", ACTIVE)
    at_work.paid(ACTIVE)
    at_work.session(BILLED).discounts.bill("R1", account="A", amount=euros("4"))
    return at_work


def annul(at_work: Office, when: str = LATER, of: str = "K1") -> None:
    at_work.session(when).contracts.annul(of)


def take_back(at_work: Office, when: str = LATER, side: Side | None = None) -> None:
    at_work.session(when, MARI).referrals.void("K1", side=side, take_back=True, reason=WHY)


def reversals(at_work: Office) -> dict[str, tuple[str, str | None]]:
    return {
        each.key: (each.status.value, None if each.amount is None else str(each.amount.amount))
        for each in at_work.store.reversals.all()
    }


def taken_back(at_work: Office, account: str) -> str:
    return str(at_work.store.billing.balance(account).taken_back.amount)


def flaky(*plan: Fault | None) -> tuple[Office, FlakyLedger]:
    """Return an office in which the answers of billing fail by a plan from the reversals on, and that billing."""
    script = iter(plan)
    calls = {"take_back", "holders"}
    billing = FlakyLedger(ContinuousDiscounts(), lambda method: next(script, None) if method in calls else None)
    return granted(office(billing=billing)), billing


# ── annulled contracts ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B10", "B11")
def test_an_annulled_contract_takes_back_what_is_unspent_on_both_sides() -> None:
    at_work = granted()
    annul(at_work)
    assert (stored(at_work).status, stored(at_work).cancelled_at) == (ReferralStatus.CANCELLED, at(LATER))
    assert reversals(at_work) == {REFERRER: ("due", None), REFEREE: ("due", None)}
    assert at_work.paid(LATER) == PayRun(taken_back=2)
    assert reversals(at_work) == {REFERRER: ("taken-back", "6.00"), REFEREE: ("taken-back", "7.00")}
    assert (earned(at_work), taken_back(at_work, "A"), taken_back(at_work, "B")) == (("0.00", "0.00"), "6.00", "7.00")
    assert at_work.paid(LAST).tried == 0
    acts = [row.act for row in at_work.traced("referral:K1")]
    assert acts[-5:] == ["reversal.due", "reversal.due", "referral.cancel", "reversal.posted", "reversal.posted"]


@pytest.mark.rule("B10")
def test_what_is_not_sent_is_never_sent() -> None:
    at_work = office()
    at_work.activated("K1", ACTIVE)
    annul(at_work)
    assert grants(at_work) == {"referee/K1": "void", "referrer/K1": "void"}
    assert at_work.session(LAST).payouts.pay_all() == PayRun()
    assert (earned(at_work), reversals(at_work)) == (("0.00", "0.00"), {})


@pytest.mark.rule("B10")
def test_the_programme_may_keep_what_was_granted() -> None:
    at_work = granted(office(programme=attrs.evolve(Programme.default(), annulment=Annulment.KEEP)))
    annul(at_work)
    assert (stored(at_work).status, reversals(at_work)) == (ReferralStatus.CANCELLED, {})
    assert at_work.paid(LATER).tried == 0
    assert earned(at_work) == ("6.00", "7.00")


@pytest.mark.rule("B10", "B4")
def test_a_terminated_contract_can_be_annulled_and_keeps_its_end() -> None:
    at_work = granted()
    at_work.terminated("K1", LATER)
    assert reversals(at_work) == {}
    done = at_work.session(LAST).contracts.annul("K1", at=at(ACTIVE))
    contract = done.contract
    assert (contract.status, contract.ended_at, contract.annulled_at) == (
        ContractStatus.ANNULLED,
        at(LATER),
        at(ACTIVE),
    )
    assert (done.cancelled, done.ended) == (stored(at_work), None)
    assert at_work.paid(LAST).taken_back == 2


@pytest.mark.rule("B10")
def test_who_is_not_active_cannot_be_annulled() -> None:
    at_work = office()
    with refused("contract-pending", naming="K1"):
        annul(at_work)
    at_work.activated("K1", ACTIVE)
    with refused("moment-invalid", field="at"):
        at_work.session(LATER).contracts.annul("K1", at=at(ACTIVE) - timedelta(seconds=1))
    annul(at_work)
    with refused("contract-ended"):
        annul(at_work)
    for act in (at_work.terminated, at_work.activated, at_work.withdrawn):
        with refused("contract-ended"):
            act("K1", LAST)
    at_work.concluded("K2", on="C")
    at_work.withdrawn("K2", LATER)
    with refused("contract-ended"):
        annul(at_work, of="K2")
    with refused("contract-unknown"):
        annul(at_work, of="K9")


@pytest.mark.rule("B10", "S1", "S2", "S4", "C8")
def test_whose_contract_was_annulled_is_new_again() -> None:
    at_work = granted()
    code = at_work.store.promo_codes.of_account("A")[-1].text
    b_code = at_work.store.promo_codes.of_account("B")[-1].text
    before = at_work.session(LATER).codes.check(code, customer="b")
    assert [*before.reasons] == ["existing-customer", "already-referred"]
    annul(at_work)
    assert at_work.session(LATER).codes.check(code, customer="b").usable
    again = at_work.concluded("K2", on="B", code=code, when=LAST)
    assert again.referral is not None
    assert again.issued is not None
    assert again.issued.text != b_code


@pytest.mark.rule("B10", "C4", "C12")
def test_the_code_ends_when_the_annulment_is_recorded() -> None:
    at_work = granted()
    done = at_work.session(LATER).contracts.annul("K1", at=at(BILLED))
    assert done.ended is not None
    assert (done.ended.starts_at, done.ended.ends_at) == (at(ACTIVE), at(LATER))
    assert done.ended.status_at(at(LATER)) is CodeStatus.ENDED


@pytest.mark.rule("B10", "B7")
def test_its_account_has_no_contract_any_more() -> None:
    at_work = granted()
    code = at_work.store.promo_codes.of_account("A")[-1].text
    at_work.granted("K3", on="C", code=code, when=BILLED)
    at_work.supplied("K4", on="C2", of="c", when=BILLED)
    annul(at_work, of="K4")
    at_work.terminated("K3", LATER)
    with refused("no-contract"):
        at_work.session(LAST).discounts.transfer("C", "C2")


@pytest.mark.rule("B10", "V2")
def test_a_void_referral_stays_void_and_loses_what_was_kept() -> None:
    at_work = granted()
    void(at_work, LATER)
    assert reversals(at_work) == {}
    done = at_work.session(LATER).contracts.annul("K1")
    assert (done.cancelled, stored(at_work).status) == (None, ReferralStatus.VOID)
    assert at_work.paid(LATER).taken_back == 2
    assert earned(at_work) == ("0.00", "0.00")


@pytest.mark.rule("B10", "V1")
def test_a_held_referral_is_cancelled() -> None:
    at_work = office()
    hold(at_work)
    at_work.activated("K1", ACTIVE)
    annul(at_work)
    assert (stored(at_work).status, stored(at_work).held_at) == (ReferralStatus.CANCELLED, None)
    assert grants(at_work) == {"referee/K1": "void", "referrer/K1": "void"}


@pytest.mark.rule("B10", "A1")
def test_a_contract_without_a_referral_is_annulled_by_itself() -> None:
    at_work = office()
    done = at_work.session(LATER).contracts.annul("K-A")
    assert (done.contract.status, done.cancelled) == (ContractStatus.ANNULLED, None)
    assert done.ended is not None
    with refused("not-allowed"):
        at_work.session(LATER, MARI).contracts.annul("K-A")


@pytest.mark.rule("B10", "R3")
def test_what_was_known_before_the_annulment_stays_known() -> None:
    at_work = granted()
    before = at_work.store.contracts.find("K1")
    annul(at_work)
    at_work.paid(LAST)
    known = Knowledge(at_work.store, by=at(BILLED))
    assert known.contracts.find("K1") == before
    assert known.billing.balance("A").unused == euros("6")
    assert [grant.status for grant in known.grants.all()] == [GrantStatus.GRANTED] * 2
    assert [*known.reversals.all()] == []
    assert known.reversals.find(REFERRER) is None
    assert known.reversals.of_referral("K1") == ()
    later = Knowledge(at_work.store, by=at(LATER))
    assert later.billing.balance("A").unused == euros("6")
    assert [each.key for each in later.reversals.all(account="A")] == [REFERRER]
    assert later.reversals.find(REFERRER) in later.reversals.of_referral("K1")
    for write in (
        lambda: known.reversals.add(Reversal(referral="K1", side=Side.REFEREE, account="B", recorded_at=at(LATER))),
        lambda: known.reversals.change([]),
        lambda: known.reversals.unsettled(at(LATER), 1),
    ):
        with pytest.raises(TypeError, match="read"):
            write()


@pytest.mark.rule("B2", "R3")
def test_a_grant_is_known_from_its_recording_and_granted_from_the_confirmation_on() -> None:
    at_work = office()
    at_work.session(BILLED).contracts.activate("K1", at=at(ACTIVE))
    at_work.paid(LATER)
    assert [*Knowledge(at_work.store, by=at(ACTIVE)).grants.all()] == []
    waiting = Knowledge(at_work.store, by=at(BILLED))
    assert [grant.status for grant in waiting.grants.all()] == [GrantStatus.DUE] * 2
    assert waiting.billing.balance("B").granted == euros("0")
    assert [grant.status for grant in Knowledge(at_work.store, by=at(LATER)).grants.all()] == [GrantStatus.GRANTED] * 2


# ── voiding and taking back ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("V2", "B11")
def test_staff_take_back_with_a_void() -> None:
    at_work = granted()
    take_back(at_work)
    assert stored(at_work).status is ReferralStatus.VOID
    at_work.paid(LATER)
    assert (earned(at_work), taken_back(at_work, "A")) == (("0.00", "0.00"), "6.00")


@pytest.mark.rule("V2", "B11")
def test_what_is_void_is_taken_back_later_and_once() -> None:
    at_work = granted()
    void(at_work, LATER)
    take_back(at_work, LAST)
    assert at_work.paid(LAST).taken_back == 2
    for again in (take_back, void):
        with refused("referral-void"):
            again(at_work, LAST)


@pytest.mark.rule("V2", "B11")
def test_one_side_is_taken_back_and_then_the_other() -> None:
    at_work = granted()
    take_back(at_work, LATER, Side.REFERRER)
    assert (stored(at_work).status, [*reversals(at_work)]) == (ReferralStatus.GRANTED, [REFERRER])
    with refused("referral-void"):
        take_back(at_work, LATER, Side.REFERRER)
    void(at_work, LATER)
    take_back(at_work, LAST)
    assert {*reversals(at_work)} == {REFERRER, REFEREE}
    at_work.paid(LAST)
    assert earned(at_work) == ("0.00", "0.00")


@pytest.mark.rule("V2")
def test_there_is_nothing_to_take_back_of_what_was_never_granted() -> None:
    at_work = office()
    take_back(at_work, "2021-02-05 12:00")
    with refused("referral-void"):
        take_back(at_work, LATER)
    at_work.activated("K1", ACTIVE)
    assert reversals(at_work) == {}


@pytest.mark.rule("V2", "B10")
def test_what_was_annulled_is_voided_no_more() -> None:
    at_work = granted(office(programme=attrs.evolve(Programme.default(), annulment=Annulment.KEEP)))
    void(at_work, LATER, Side.REFERRER)
    annul(at_work)
    for side in (None, Side.REFERRER, Side.REFEREE):
        with refused("contract-ended"):
            take_back(at_work, LAST, side)


# ── where it was moved ────────────────────────────────────────────────────────────────────────────────────────────────


def moved() -> Office:
    """Return an office in which B has moved 5 of the 7 to the account B2, and left."""
    at_work = granted()
    at_work.supplied("K5", on="B2", of="b", when=BILLED)
    at_work.terminated("K1", BILLED)
    at_work.session(BILLED).discounts.transfer("B", "B2", amount=euros("5"))
    return at_work


@pytest.mark.rule("B11", "B7")
def test_it_is_taken_back_from_each_account_it_lies_on() -> None:
    at_work = moved()
    take_back(at_work)
    assert at_work.paid(LATER) == PayRun(taken_back=3)
    there = reversal_key("referee/K1", "B2")
    assert reversals(at_work)[there] == ("taken-back", "5.00")
    assert (at_work.unused("B"), at_work.unused("B2"), taken_back(at_work, "B2")) == ("0.00", "0.00", "5.00")
    due = [row.after for row in at_work.traced("referral:K1") if row.act == "reversal.due" and row.after]
    assert [each["account"] for each in due] == ["A", "B", "B2"]


@pytest.mark.rule("B11", "B13")
def test_a_bill_or_a_transfer_comes_after_what_is_being_taken_back() -> None:
    at_work = moved()
    take_back(at_work)
    assert at_work.session(LATER).discounts.bill("R2", account="B2", amount=euros("9")) == euros("5")
    assert at_work.session(LAST).discounts.bill("R3", account="B", amount=euros("9")) == euros("0")
    assert reversals(at_work)[reversal_key("referee/K1", "B")] == ("taken-back", "2.00")


# ── sent once, whatever fails ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B11")
@pytest.mark.parametrize("fault", list(Fault))
def test_an_attempt_without_an_answer_is_repeated_and_takes_back_once(fault: Fault) -> None:
    at_work, billing = flaky(fault)
    take_back(at_work, LATER, Side.REFERRER)
    assert at_work.paid(LATER) == PayRun(delayed=1)
    assert at_work.session(LATER, MARI).payouts.backlog() == Backlog(waiting=1, stuck=0)
    billing.recover()
    assert at_work.paid(LAST) == PayRun(taken_back=1)
    assert (taken_back(at_work, "A"), at_work.unused("A")) == ("6.00", "0.00")
    assert reversals(at_work) == {REFERRER: ("taken-back", "6.00")}


@pytest.mark.rule("B11")
def test_one_that_fails_holds_up_no_other() -> None:
    at_work, _ = flaky(Fault.BEFORE)
    take_back(at_work)
    assert at_work.paid(LATER) == PayRun(delayed=1, taken_back=1)


class Killed(BaseException):
    """The process was killed."""


@pytest.mark.rule("B11")
@pytest.mark.parametrize("when", range(1, 10))
def test_killed_at_any_step_the_next_run_takes_back_what_is_left(when: int) -> None:
    at_work = granted()
    take_back(at_work)
    calls = [0]

    def step(*_: object) -> None:
        calls[0] += 1
        if calls[0] == when:
            raise Killed

    billing, reversed_in = at_work.store.billing, at_work.store.reversals
    assert isinstance(billing, ContinuousDiscounts)
    with pytest.MonkeyPatch.context() as patch:
        for thing, name in ((billing, "take_back"), (billing, "holders"), (reversed_in, "change")):
            original = getattr(thing, name)

            def before_and_after(*given: object, _original: object = original, **named: object) -> object:
                step()
                result = _original(*given, **named)  # type: ignore[operator] # it is a method
                step()
                return result

            patch.setattr(thing, name, before_and_after)
        with pytest.raises(Killed):
            at_work.paid(LATER)
    at_work.session(LAST).payouts.pay_all()
    assert (taken_back(at_work, "A"), taken_back(at_work, "B"), earned(at_work)) == ("6.00", "7.00", ("0.00", "0.00"))


@pytest.mark.rule("B11", "B2")
def test_it_waits_while_its_grant_is_in_doubt() -> None:
    billing = FlakyLedger(ContinuousDiscounts(), [Fault.LATE, Fault.BEFORE], late_by=9)
    at_work = office(billing=billing)
    at_work.activated("K1", ACTIVE)
    at_work.paid(ACTIVE)
    assert grants(at_work) == {"referee/K1": "uncertain", "referrer/K1": "uncertain"}
    take_back(at_work)
    assert grants(at_work) == {"referee/K1": "void-in-doubt", "referrer/K1": "void-in-doubt"}
    assert reversals(at_work) == {REFERRER: ("waiting", None), REFEREE: ("waiting", None)}
    assert at_work.session(LATER, MARI).payouts.retry(REFEREE, reason=WHY) == at_work.store.reversals.find(REFEREE)
    billing.recover()
    assert at_work.session(LAST).payouts.pay_all() == PayRun(granted=1, taken_back=1)
    assert grants(at_work) == {"referee/K1": "granted", "referrer/K1": "void"}
    assert reversals(at_work) == {REFERRER: ("taken-back", "0.00"), REFEREE: ("taken-back", "7.00")}
    assert earned(at_work) == ("0.00", "0.00")


@pytest.mark.rule("B11")
def test_a_biller_that_cannot_reverse_leaves_it_stuck_for_staff() -> None:
    at_work = granted(office(billing=FlakyBilling(ContinuousDiscounts())))
    take_back(at_work)
    assert at_work.paid(LATER) == PayRun(given_up=2)
    stuck = [*at_work.session(LATER, MARI).payouts.stuck()]
    assert [(each.key, each.problem) for each in stuck] == [(REFEREE, "cannot-reverse"), (REFERRER, "cannot-reverse")]
    assert at_work.session(LATER, MARI).payouts.backlog() == Backlog(waiting=0, stuck=2)
    assert earned(at_work) == ("6.00", "7.00")
    retried = at_work.session(LAST, MARI).payouts.retry(REFERRER, reason=WHY)
    assert (retried.wait_until, retried.attempts) == (at(LAST), 0)
    assert at_work.paid(LAST) == PayRun(given_up=1)
    with refused("referral-unknown"):
        at_work.session(LAST, MARI).payouts.retry(reversal_key("referee/K1", "A"), reason=WHY)


@pytest.mark.rule("B11")
def test_what_billing_refuses_or_gets_wrong_is_told_to_staff() -> None:
    class Strange(FlakyLedger):
        def take_back(self, grant: str, *_: object, **__: object) -> object:  # type: ignore[override] # it never returns
            if grant.startswith("referee"):
                raise LookupError("no such line")
            raise Refusal(Reason.ACCOUNT_UNKNOWN, message="billing has no such account")

    at_work = granted(office(billing=Strange(ContinuousDiscounts())))
    take_back(at_work)
    assert at_work.paid(LATER) == PayRun(delayed=2)
    found = {each.key: each.problem for each in at_work.store.reversals.all()}
    assert found == {REFEREE: "LookupError: no such line", REFERRER: "account-unknown"}


@pytest.mark.rule("B11", "B2")
def test_a_stop_ends_the_run_and_gives_the_others_back() -> None:
    at_work = granted()
    take_back(at_work)
    before = [*at_work.store.reversals.all()]
    stops = iter([False, False, True])
    run = at_work.session(LATER).payouts.pay(before, stop=lambda: next(stops, True))
    assert run == PayRun(taken_back=1)
    done, left = at_work.store.reversals.all()
    assert (done.status, left) == (ReversalStatus.TAKEN_BACK, before[1])


@pytest.mark.rule("B11", "B2")
def test_whose_answer_comes_late_finds_it_taken_back_by_another_payer() -> None:
    at_work = granted()
    take_back(at_work, LATER, Side.REFERRER)
    original = at_work.store.billing.take_back  # type: ignore[attr-defined] # the store's own billing has it

    def meanwhile(*given: object, **named: object) -> object:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(at_work.store.billing, "take_back", original)
            assert at_work.session(LAST).payouts.pay_all() == PayRun(taken_back=1)
        return original(*given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(at_work.store.billing, "take_back", meanwhile)
        assert at_work.paid(LATER) == PayRun()
    assert taken_back(at_work, "A") == "6.00"


@pytest.mark.rule("B11", "B2")
def test_billings_answer_counts_though_another_payer_has_taken_it_since() -> None:
    at_work = granted()
    take_back(at_work, LATER, Side.REFERRER)
    original = at_work.store.billing.take_back  # type: ignore[attr-defined] # the store's own billing has it

    def meanwhile(*given: object, **named: object) -> object:
        present = at_work.store.reversals.find(REFERRER)
        assert present is not None
        at_work.store.reversals.change([(present, present.taken(at(LAST)))])
        return original(*given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(at_work.store.billing, "take_back", meanwhile)
        assert at_work.paid(LATER) == PayRun(taken_back=1)
    assert reversals(at_work) == {REFERRER: ("taken-back", "6.00")}


# ── cancelled bills ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B12")
def test_a_cancelled_bill_gives_back_what_it_took() -> None:
    at_work = granted()
    assert at_work.session(LATER).discounts.cancel_bill("R1") == euros("4")
    assert at_work.session(LAST).discounts.cancel_bill("R1") == euros("4")
    assert at_work.unused("A") == "10.00"
    with refused("bill-exists"):
        at_work.session(LAST).discounts.bill("R1", account="A", amount=euros("4"))
    with refused("bill-unknown", field="bill"):
        at_work.session(LAST).discounts.cancel_bill("R9")
    with refused("not-allowed"):
        at_work.session(LAST, MARI).discounts.cancel_bill("R1")


@pytest.mark.rule("B12", "B10")
def test_what_comes_back_after_the_grant_was_taken_back_goes_as_well() -> None:
    at_work = granted()
    annul(at_work)
    at_work.paid(LATER)
    at_work.session(LAST).discounts.cancel_bill("R1")
    assert (at_work.unused("A"), taken_back(at_work, "A")) == ("0.00", "10.00")
    moves = [(each.kind.value, str(each.amount.amount)) for each in at_work.session(LAST).accounts.movements("A")]
    assert moves == [
        ("granted", "10.00"),
        ("consumed", "4.00"),
        ("taken-back", "6.00"),
        ("given-back", "4.00"),
        ("taken-back", "4.00"),
    ]
    told = at_work.session(LAST).accounts.movements("A")
    assert all(before.recorded_at <= after.recorded_at for before, after in pairwise(told))


@pytest.mark.rule("A6", "B11")
def test_a_customer_does_not_learn_of_the_friends_contract() -> None:
    at_work = granted()
    annul(at_work)
    at_work.paid(LATER)
    ann = Actor("a", Role.CUSTOMER)
    references = [each.reference for each in at_work.session(LAST, ann).accounts.movements("A")]
    assert references == [None, "R1", None]
    assert [each.reference for each in at_work.session(LAST).accounts.movements("A")] == [
        "referrer/K1",
        "R1",
        "referrer/K1",
    ]


@pytest.mark.rule("B12")
def test_a_biller_that_cannot_cancel_bills_says_so() -> None:
    at_work = granted(office(billing=FlakyBilling(ContinuousDiscounts())))
    with pytest.raises(BillingUnavailable, match="cannot cancel bills: R1"):
        at_work.session(LATER).discounts.cancel_bill("R1")


@pytest.mark.rule("B8", "B12")
def test_a_fee_is_proposed_of_what_bills_used_and_not_of_what_was_taken_back() -> None:
    at_work = granted(office(programme=attrs.evolve(Programme.default(), fee_policy=FeePolicy.USED)))
    at_work.session(BILLED).discounts.bill("R2", account="B", amount=euros("3"))
    take_back(at_work)
    at_work.paid(LATER)
    propose = at_work.session(LAST, MARI).discounts.propose_fee
    assert propose("K1") == euros("3")
    at_work.session(LAST).discounts.cancel_bill("R2")
    assert propose("K1") == euros("0")


@pytest.mark.rule("B13")
def test_a_bill_takes_what_is_effective_at_its_own_moment_and_recorded_before_it() -> None:
    at_work = office()
    at_work.session(LATER).contracts.activate("K1", at=at(ACTIVE))
    late = at_work.session(LAST).discounts
    assert late.bill("R1", account="B", amount=euros("3"), at=at("2021-02-28")) == euros("0")
    assert late.bill("R2", account="B", amount=euros("3"), at=at(BILLED)) == euros("3")
    assert at_work.session(BILLED).discounts.bill("R3", account="B", amount=euros("3")) == euros("0")
    assert [use.bill for use in at_work.store.billing.uses("referee/K1")] == ["R2"]  # type: ignore[attr-defined]


# ── what stands at the edges ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B11")
def test_a_reversal_that_is_done_has_an_amount_and_waits_for_nothing() -> None:
    due = Reversal(referral="K1", side=Side.REFEREE, account="B", recorded_at=at(LATER), wait_until=at(LATER))
    for wrong in ({"amount": None, "wait_until": None}, {"amount": euros("1")}):
        with pytest.raises(ValueError, match="has no amount, or waits"):
            attrs.evolve(due, status=ReversalStatus.TAKEN_BACK, **wrong)


@pytest.mark.rule("B8")
def test_a_fee_is_reckoned_from_balances_where_billing_does_not_tell_of_uses() -> None:
    programme = attrs.evolve(Programme.default(), fee_policy=FeePolicy.USED)
    at_work = granted(office(programme=programme, billing=FlakyBilling(ContinuousDiscounts())))
    at_work.session(BILLED).discounts.bill("R2", account="B", amount=euros("3"))
    assert at_work.session(LAST, MARI).discounts.propose_fee("K1") == euros("3")
    assert not isinstance(Knowledge(at_work.store, by=at(LAST)).billing, UseTelling)


@pytest.mark.rule("R3", "B12")
def test_the_uses_of_an_earlier_day_are_told() -> None:
    at_work = granted()
    at_work.session(LATER).discounts.cancel_bill("R1")
    known = Knowledge(at_work.store, by=at(BILLED)).billing
    assert isinstance(known, UseTelling)
    assert [use.bill for use in known.uses("referrer/K1")] == ["R1"]
    assert [use.bill for use in known.uses("referrer/K1", by=at(LAST))] == ["R1"]
    assert known.uses("referrer/K1", by=at(ACTIVE)) == ()
    later = Knowledge(at_work.store, by=at(LATER)).billing
    assert isinstance(later, UseTelling)
    assert later.uses("referrer/K1") == ()


@pytest.mark.rule("B11", "B2")
def test_what_a_payer_has_taken_meanwhile_is_not_retried() -> None:
    at_work = granted()
    take_back(at_work, LATER, Side.REFERRER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(at_work.store.reversals, "change", lambda _: ())
        with pytest.raises(ConcurrentChange, match=REFERRER):
            at_work.session(LAST, MARI).payouts.retry(REFERRER, reason=WHY)


@pytest.mark.rule("B11", "B1")
@pytest.mark.parametrize("act", ["contract.annulled", "contract.activated"])
def test_what_a_line_made_due_is_sent_before_the_next(act: str) -> None:
    at_work = office() if act == "contract.activated" else granted()
    session, given = at_work.session(LATER), {"contract": "K1"}
    assert not session.owes(ACTS[act], given)
    session.perform(ACTS[act], given)
    assert session.owes(ACTS[act], given)
    session.send(ACTS[act], given)
    assert not session.owes(ACTS[act], given)
    assert earned(at_work) == (("10.00", "7.00") if act == "contract.activated" else ("0.00", "0.00"))
