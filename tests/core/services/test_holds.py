"""Referrals held, released and void, and the grants that go with them (V1-V3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from referral_adapters.memory import ContinuousDiscounts, Fault, FlakyBilling
from referral_core import Actor, Side
from referral_core.entities.actor import Role
from referral_core.entities.grant import GrantStatus
from referral_core.entities.referral import Referral, ReferralStatus
from referral_core.known_at import Knowledge
from referral_core.services.explanation import Deviation
from referral_core.services.holds import OpenReferrals
from tests.core.services.test_payouts import Counting
from tests.office import WHY, Office
from tests.phrases import at, refused

MARI: Final = Actor("Mari", Role.SUPERVISOR)
SIGNED, HELD, ACTIVE, LATER = "2021-02-01 12:00", "2021-02-05 12:00", "2021-03-01 12:00", "2021-03-05 12:00"
BOTH: Final = ("referee/K1", "referrer/K1")


def office(**more: Any) -> Office:  # noqa: ANN401 - what an office takes
    """Return an office in which B has signed up with A's code."""
    made = Office(**more).with_amounts()
    made.concluded("K1", on="B", code=made.referrer("A"), when=SIGNED)
    return made


def hold(at_work: Office, when: str = HELD) -> Referral:
    return at_work.session(when, MARI).referrals.hold("K1", reason=WHY)


def release(at_work: Office, when: str = LATER) -> Referral:
    return at_work.session(when, MARI).referrals.release("K1", reason=WHY)


def void(at_work: Office, when: str = HELD, side: Side | None = None) -> Referral:
    return at_work.session(when, MARI).referrals.void("K1", side=side, reason=WHY)


def grants(at_work: Office) -> dict[str, str]:
    return {grant.key: grant.status.value for grant in at_work.store.grants.all()}


def stored(at_work: Office) -> Referral:
    found = at_work.store.referrals.find("K1")
    assert found is not None
    return found


def earned(at_work: Office) -> tuple[str, str]:
    return at_work.unused("A"), at_work.unused("B")


# ── holding and releasing ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("V1")
def test_what_is_held_is_owed_when_the_contract_activates_and_sent_when_it_is_released() -> None:
    at_work = office()
    assert (hold(at_work).status, stored(at_work).held_at) == (ReferralStatus.HELD, at(HELD))
    activation = at_work.activated("K1", ACTIVE)
    assert activation.referral == stored(at_work)
    assert (stored(at_work).status, stored(at_work).granted_at) == (ReferralStatus.HELD, at(ACTIVE))
    assert [grant.status for grant in activation.grants] == [GrantStatus.HELD] * 2
    at_work.paid(ACTIVE)
    at_work.session(ACTIVE).payouts.pay_all()
    at_work.session(ACTIVE).discounts.bill("R1", account="B", amount=stored(at_work).referee_offer.amount)
    assert earned(at_work) == ("0.00", "0.00")
    released = release(at_work)
    assert (released.status, released.held_at, released.granted_at) == (ReferralStatus.GRANTED, None, at(ACTIVE))
    assert at_work.paid(LATER).granted == 2
    assert earned(at_work) == ("10.00", "7.00")
    assert [grant.effective_from for grant in at_work.store.grants.all()] == [at(ACTIVE)] * 2


@pytest.mark.rule("V1")
def test_what_is_released_before_the_activation_is_as_if_it_had_never_been_held() -> None:
    at_work = office()
    before = stored(at_work)
    hold(at_work)
    assert release(at_work, "2021-02-06 12:00") == before == stored(at_work)
    at_work.activated("K1", ACTIVE)
    at_work.paid(ACTIVE)
    assert earned(at_work) == ("10.00", "7.00")


@pytest.mark.rule("V1")
def test_after_the_activation_what_is_not_sent_yet_can_be_held() -> None:
    at_work = office()
    at_work.activated("K1", ACTIVE)
    hold(at_work, ACTIVE)
    assert grants(at_work) == dict.fromkeys(BOTH, "held")
    assert at_work.paid(LATER).tried == 0
    release(at_work)
    at_work.paid(LATER)
    assert grants(at_work) == dict.fromkeys(BOTH, "granted")


@pytest.mark.rule("V1")
def test_one_side_that_is_sent_stays_and_the_other_one_is_held() -> None:
    billing = Counting()
    billing.refusing.add("A")
    at_work = office(billing=billing)
    at_work.activated("K1", ACTIVE)
    at_work.paid(ACTIVE)
    hold(at_work, LATER)
    assert grants(at_work) == {"referee/K1": "granted", "referrer/K1": "held"}
    billing.refusing.clear()
    at_work.session("2021-04-01").payouts.pay_all()
    assert at_work.unused("A") == "0.00"
    release(at_work, "2021-04-01")
    at_work.paid("2021-04-01")
    assert at_work.unused("A") == "10.00"


@pytest.mark.rule("V1")
@pytest.mark.parametrize("before_activation", [True, False])
def test_a_held_one_is_not_held_again(before_activation: bool) -> None:
    at_work = office()
    if not before_activation:
        at_work.activated("K1", ACTIVE)
    hold(at_work, ACTIVE)
    with refused("referral-held"):
        hold(at_work, LATER)


@pytest.mark.rule("V1")
def test_one_that_is_not_held_is_not_released() -> None:
    at_work = office()
    with refused("referral-held"):
        release(at_work)
    at_work.activated("K1", ACTIVE)
    with refused("referral-held"):
        release(at_work)


@pytest.mark.rule("V1")
def test_what_is_sent_cannot_be_held() -> None:
    at_work = office()
    at_work.activated("K1", ACTIVE)
    at_work.paid(ACTIVE)
    with refused("contract-active", field="contract", naming="nothing is left to send"):
        hold(at_work, LATER)


@pytest.mark.rule("V1", "S4")
def test_a_held_one_counts_and_its_withdrawal_cancels_it() -> None:
    at_work = office()
    hold(at_work)
    other = at_work.session(HELD).sign_ups.conclude
    with refused("already-referred"):
        other("K2", account="B2", customer="b", code=stored(at_work).code)
    ended = at_work.withdrawn("K1", ACTIVE)
    assert ended.cancelled == stored(at_work)
    assert (stored(at_work).status, stored(at_work).held_at) == (ReferralStatus.CANCELLED, None)
    for act in (hold, release, void):
        with refused("contract-ended"):
            act(at_work, LATER)


@pytest.mark.rule("V1", "D7")
def test_the_group_of_a_held_one_can_be_changed() -> None:
    at_work = office()
    hold(at_work)
    changed = at_work.session(HELD).referrals.change_group("K1", group="referee-manual")
    assert (changed.status, str(changed.referee_offer.amount.amount)) == (ReferralStatus.HELD, "8.00")


# ── voiding ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("V2")
@pytest.mark.parametrize("is_held", [True, False])
def test_a_void_one_is_never_owed(is_held: bool) -> None:
    at_work = office()
    if is_held:
        hold(at_work, SIGNED)
    gone = void(at_work)
    assert (gone.status, gone.void_sides, gone.held_at) == (ReferralStatus.VOID, tuple(Side), None)
    activation = at_work.activated("K1", ACTIVE)
    assert (activation.referral, activation.grants) == (gone, ())
    at_work.session(LATER).payouts.pay_all()
    assert (grants(at_work), earned(at_work), stored(at_work)) == ({}, ("0.00", "0.00"), gone)


@pytest.mark.rule("V2")
@pytest.mark.parametrize("is_held", [True, False])
def test_what_is_due_and_not_sent_is_never_sent(is_held: bool) -> None:
    at_work = office()
    at_work.activated("K1", ACTIVE)
    if is_held:
        hold(at_work, ACTIVE)
    void(at_work, ACTIVE)
    assert grants(at_work) == dict.fromkeys(BOTH, "void")
    at_work.session(LATER).payouts.pay_all()
    assert earned(at_work) == ("0.00", "0.00")
    assert stored(at_work).status is ReferralStatus.VOID


@pytest.mark.rule("V2")
def test_what_was_granted_stays_when_it_is_voided() -> None:
    at_work = office()
    at_work.activated("K1", ACTIVE)
    at_work.paid(ACTIVE)
    assert void(at_work, LATER).status is ReferralStatus.VOID
    assert earned(at_work) == ("10.00", "7.00")
    assert grants(at_work) == dict.fromkeys(BOTH, "granted")


@pytest.mark.rule("V2")
@pytest.mark.parametrize(("side", "left"), [(Side.REFERRER, ("0.00", "7.00")), (Side.REFEREE, ("10.00", "0.00"))])
@pytest.mark.parametrize("when", [HELD, LATER])
def test_one_side_can_be_voided_alone(side: Side, left: tuple[str, str], when: str) -> None:
    at_work = office()
    if when == HELD:
        assert void(at_work, when, side).status is ReferralStatus.RECORDED
    at_work.activated("K1", ACTIVE)
    if when == LATER:
        assert void(at_work, when, side).status is ReferralStatus.GRANTED
    at_work.session(LATER).payouts.pay_all()
    assert earned(at_work) == left
    with refused("referral-void", field="contract"):
        void(at_work, LATER, side)
    other = Side.REFEREE if side is Side.REFERRER else Side.REFERRER
    assert void(at_work, LATER, other).status is ReferralStatus.VOID


@pytest.mark.rule("V2")
def test_what_is_left_of_one_is_voided_with_the_whole() -> None:
    at_work = office()
    void(at_work, HELD, Side.REFEREE)
    gone = void(at_work, LATER)
    assert (gone.referee_void_at, gone.referrer_void_at) == (at(HELD), at(LATER))


@pytest.mark.rule("V1", "V2")
def test_with_one_side_void_the_other_can_be_held_and_released() -> None:
    at_work = office()
    at_work.activated("K1", ACTIVE)
    void(at_work, ACTIVE, Side.REFERRER)
    hold(at_work, ACTIVE)
    assert grants(at_work) == {"referee/K1": "held", "referrer/K1": "void"}
    release(at_work)
    at_work.paid(LATER)
    assert earned(at_work) == ("0.00", "7.00")


@pytest.mark.rule("V2", "S4")
def test_a_void_one_counts_for_ever_and_stays_void_when_the_contract_is_withdrawn() -> None:
    at_work = office()
    gone = void(at_work)
    assert at_work.withdrawn("K1", ACTIVE).cancelled is None
    assert stored(at_work) == gone
    with refused("already-referred"):
        at_work.session(LATER).sign_ups.conclude("K2", account="B", customer="b", code=gone.code)


@pytest.mark.rule("V1", "V2", "D7")
def test_nothing_can_be_done_with_a_void_one() -> None:
    at_work = office()
    void(at_work)
    for act in (hold, release, void):
        with refused("referral-void"):
            act(at_work, LATER)
    with refused("referral-void"):
        at_work.session(LATER).referrals.change_group("K1", group="referee-manual")


@pytest.mark.rule("V2", "D7")
def test_the_group_of_a_void_side_cannot_be_changed() -> None:
    at_work = office()
    void(at_work, HELD, Side.REFEREE)
    with refused("referral-void", field="contract"):
        at_work.session(LATER).referrals.change_group("K1", group="referee-manual")


@pytest.mark.rule("V1", "V2")
@pytest.mark.parametrize("act", ["hold", "release", "void"])
def test_the_contract_is_known_and_carries_a_referral(act: str) -> None:
    at_work = office()
    at_work.concluded("BARE", on="C")
    acts = at_work.session(LATER).referrals
    for contract, reason in (("NONE", "contract-unknown"), ("BARE", "referral-unknown")):
        with refused(reason):
            getattr(acts, act)(contract)


# ── payers at work ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B2", "V1", "V2")
@pytest.mark.parametrize("stop", [hold, void])
@pytest.mark.parametrize("arrived", [True, False])
def test_an_attempt_under_way_is_looked_up_and_not_made_again(stop: Any, arrived: bool) -> None:  # noqa: ANN401
    mood: list[Fault | None] = [Fault.AFTER if arrived else Fault.BEFORE]
    billing = FlakyBilling(ContinuousDiscounts(), lambda _: mood[0])
    at_work = office(billing=billing)
    at_work.activated("K1", ACTIVE)
    at_work.paid(ACTIVE)
    assert grants(at_work) == dict.fromkeys(BOTH, "uncertain")
    stop(at_work, ACTIVE)
    stopped = "held" if stop is hold else "void"
    assert grants(at_work) == dict.fromkeys(BOTH, f"{stopped}-in-doubt")
    mood[0] = None
    at_work.session(LATER).payouts.pay_all()
    assert grants(at_work) == dict.fromkeys(BOTH, "granted" if arrived else stopped)
    assert earned(at_work) == (("10.00", "7.00") if arrived else ("0.00", "0.00"))


@pytest.mark.rule("B2", "V1")
def test_one_in_doubt_that_is_released_is_looked_up_before_it_is_sent() -> None:
    mood: list[Fault | None] = [Fault.AFTER]
    at_work = office(billing=FlakyBilling(ContinuousDiscounts(), lambda _: mood[0]))
    at_work.activated("K1", ACTIVE)
    at_work.paid(ACTIVE)
    hold(at_work, ACTIVE)
    release(at_work, ACTIVE)
    assert grants(at_work) == dict.fromkeys(BOTH, "uncertain")
    mood[0] = None
    at_work.session(LATER).payouts.pay_all()
    assert earned(at_work) == ("10.00", "7.00")


@pytest.mark.rule("B2", "V1", "V2")
@pytest.mark.parametrize(("stop", "reason"), [(hold, "referral-held"), (void, "referral-void")])
def test_what_is_stopped_is_not_tried_again_by_staff(stop: Any, reason: str) -> None:  # noqa: ANN401
    at_work = office()
    at_work.activated("K1", ACTIVE)
    stop(at_work, ACTIVE)
    with refused(reason, field="key"):
        at_work.session(LATER).payouts.retry("referee/K1")
    assert at_work.session(LATER).payouts.backlog().waiting == 0


# ── ending a code ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("V3")
@pytest.mark.parametrize(
    ("what", "open_one", "held_one"),
    [
        (OpenReferrals.KEEP, ReferralStatus.RECORDED, ReferralStatus.HELD),
        (OpenReferrals.HOLD, ReferralStatus.HELD, ReferralStatus.HELD),
        (OpenReferrals.VOID, ReferralStatus.VOID, ReferralStatus.VOID),
    ],
)
def test_ending_a_code_keeps_holds_or_voids_what_has_not_activated(
    what: OpenReferrals, open_one: ReferralStatus, held_one: ReferralStatus
) -> None:
    at_work = office()
    code = stored(at_work).code
    for contract in ("HELD", "PAID", "LEFT"):
        at_work.concluded(contract, on=f"ON-{contract}", code=code)
    at_work.session(SIGNED).referrals.hold("HELD")
    at_work.activated("PAID")
    at_work.withdrawn("LEFT")
    at_work.session(LATER, MARI).codes.end(code, reason=WHY, referrals=what)
    told = {each.contract: each.status for each in at_work.store.referrals.all()}
    assert told == {
        "HELD": held_one,
        "K1": open_one,
        "LEFT": ReferralStatus.CANCELLED,
        "PAID": ReferralStatus.GRANTED,
    }
    acts = [row.reason for row in at_work.traced("referral:K1") if row.act in {"referral.hold", "referral.void"}]
    assert acts == ([] if what is OpenReferrals.KEEP else [WHY])


@pytest.mark.rule("V3")
def test_the_referrals_of_the_accounts_other_codes_stay() -> None:
    at_work = office()
    at_work.session(HELD).codes.issue("A", code="A123", replace=True)
    at_work.session(LATER).codes.end("A123", referrals=OpenReferrals.VOID)
    assert stored(at_work).status is ReferralStatus.RECORDED


@pytest.mark.rule("V3", "A6")
def test_who_may_not_see_a_referee_does_not_stop_the_referral() -> None:
    at_work = office()
    at_work.concluded("SHOP", on="B", of="b", segment="micro-business", product="solar")
    limited = Actor("Mari", Role.SUPERVISOR, frozenset({"household"}))
    code, before = stored(at_work).code, at_work.state()
    with refused("not-allowed"):
        at_work.session(LATER, limited).codes.end(code, reason=WHY, referrals=OpenReferrals.HOLD)
    assert at_work.state() == before
    at_work.session(LATER, limited).codes.end(code, reason=WHY)


# ── what is seen of it ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("V1", "V2", "R3")
def test_what_was_held_or_void_at_a_moment_is_known_for_ever() -> None:
    at_work = office()
    at_work.activated("K1", ACTIVE)
    moments = ["2021-03-02 12:00", "2021-03-03 12:00", "2021-03-04 12:00"]
    hold(at_work, moments[0])
    release(at_work, moments[1])
    void(at_work, moments[2], Side.REFEREE)
    seen = []
    for moment in (ACTIVE, *moments):
        known = Knowledge(at_work.store, by=at(moment))
        found = known.referrals.find("K1")
        assert found is not None
        seen.append((found.status.value, *(grant.status.value for grant in known.grants.all())))
    assert seen == [
        ("granted", "due", "due"),
        ("held", "held", "held"),
        ("granted", "due", "due"),
        ("granted", "void", "due"),
    ]
    then = Knowledge(at_work.store, by=at(moments[0]))
    assert [*then.grants.all(unsettled=True)] == []
    earlier = Knowledge(at_work.store, by=at(ACTIVE))
    waiting = [grant.wait_until for grant in earlier.grants.all(unsettled=True)]
    assert waiting[0] == at(ACTIVE)
    assert None not in waiting


@pytest.mark.rule("V1", "V2")
def test_an_attempt_in_doubt_is_known_as_such_before_it_was_stopped() -> None:
    at_work = office(billing=FlakyBilling(ContinuousDiscounts(), lambda _: Fault.BEFORE))
    at_work.activated("K1", ACTIVE)
    at_work.paid(ACTIVE)
    void(at_work, LATER)
    known = Knowledge(at_work.store, by=at(ACTIVE)).grants.find("referee/K1")
    assert known is not None
    assert known.status is GrantStatus.UNCERTAIN


@pytest.mark.rule("A2", "V1", "V2")
def test_every_stop_is_traced_and_explained_by_whom_and_why() -> None:
    at_work = office()
    hold(at_work)
    release(at_work, "2021-02-06 12:00")
    void(at_work, "2021-02-07 12:00", Side.REFERRER)
    rows = [row for row in at_work.traced("referral:K1") if row.act != "referral.record"]
    assert [(row.act, row.actor, row.reason) for row in rows] == [
        ("referral.hold", "Mari", WHY),
        ("referral.release", "Mari", WHY),
        ("referral.void", "Mari", WHY),
    ]
    told = [((row.after or {})["status"], (row.after or {}).get("void_side")) for row in rows]
    assert told == [("held", None), ("recorded", None), ("recorded", "referrer")]
    explained = at_work.session(LATER).referrals.explain("K1")
    assert explained.is_verified
    assert [each.deviation for each in explained.overrides] == [Deviation.HELD, Deviation.RELEASED, Deviation.VOID]
    assert {(each.actor, each.reason, each.group) for each in explained.overrides} == {("Mari", WHY, None)}


@pytest.mark.rule("V1", "V2")
@pytest.mark.parametrize("stop", [hold, void, release])
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_explanation_agrees_with_what_is_stopped(stop: Any, when: str) -> None:  # noqa: ANN401
    at_work = office()
    if when == "after":
        at_work.activated("K1", HELD)
    if stop is release:
        hold(at_work)
    stop(at_work, LATER)
    if when == "before":
        at_work.activated("K1", LATER)
    at_work.session(LATER).payouts.pay_all()
    assert at_work.session(LATER).referrals.explain("K1").mismatches == ()


@pytest.mark.rule("T2", "V1", "V2")
def test_each_side_sees_what_became_of_its_own_and_what_is_on_the_way() -> None:
    at_work = office()
    assert str(at_work.session(SIGNED).sharing.figures("A").on_the_way.amount) == "10.00"

    def seen() -> list[str]:
        views = [at_work.session(LATER).accounts.referrals(account)[0] for account in ("A", "B")]
        return [view.status.value for view in views]

    hold(at_work)
    assert seen() == ["held", "held"]
    assert str(at_work.session(SIGNED).sharing.figures("A").on_the_way.amount) == "0.00"
    release(at_work, "2021-02-06 12:00")
    void(at_work, "2021-02-07 12:00", Side.REFERRER)
    assert seen() == ["void", "recorded"]
    figures = at_work.session(SIGNED).sharing.figures("A")
    assert (figures.used, str(figures.on_the_way.amount)) == (1, "0.00")
    at_work.activated("K1", ACTIVE)
    assert seen() == ["void", "granted"]
    at_work.session(LATER).referrals.hold("K1")
    figures = at_work.session(SIGNED).sharing.figures("A")
    assert (figures.used, str(figures.earned.amount), str(figures.on_the_way.amount)) == (1, "0.00", "0.00")


@pytest.mark.rule("P3", "V1", "V2")
def test_the_timeline_tells_of_stops() -> None:
    at_work = office()
    hold(at_work)
    release(at_work, "2021-02-06 12:00")
    void(at_work, "2021-02-07 12:00", Side.REFEREE)
    void(at_work, "2021-02-08 12:00")
    said = [each.text for each in at_work.session(LATER).accounts.activity("B") if each.act.startswith("referral.")]
    assert said[:4] == [
        "The referral of contract K1 was voided.",
        "The referral of contract K1 was voided for the referee.",
        "The referral of contract K1 was released.",
        "The referral of contract K1 was held.",
    ]


@pytest.mark.rule("V3", "A6")
def test_a_supervisor_of_a_segment_stops_the_referrals_that_lie_in_it() -> None:
    at_work = office()
    code = stored(at_work).code
    at_work.concluded("LEFT", on="C", code=code)
    at_work.withdrawn("LEFT")
    limited = Actor("Mari", Role.SUPERVISOR, frozenset({"household"}))
    at_work.session(LATER, limited).codes.end(code, reason=WHY, referrals=OpenReferrals.HOLD)
    assert stored(at_work).status is ReferralStatus.HELD
    with refused("not-allowed"):
        at_work.session(LATER, limited).codes.end("NONE9", reason=WHY, referrals=OpenReferrals.HOLD)


class ReadEarlier:
    """The referrals of a store, listed as they were before somebody else's act."""

    def __init__(self, referrals: Any, listed: tuple[Referral, ...]) -> None:  # noqa: ANN401 - any repository
        self._referrals, self._listed = referrals, listed

    def all(self, **_: object) -> Iterator[Referral]:
        return iter(self._listed)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the repository's own
        return getattr(self._referrals, name)


@pytest.mark.rule("V3")
def test_what_has_activated_since_the_list_was_read_is_not_stopped() -> None:
    at_work = office()
    listed = tuple(at_work.store.referrals.all())
    at_work.activated("K1")
    at_work.store.referrals = ReadEarlier(at_work.store.referrals, listed)  # type: ignore[assignment]
    at_work.session(LATER).codes.end(listed[0].code, referrals=OpenReferrals.VOID)
    assert stored(at_work).status is ReferralStatus.GRANTED
