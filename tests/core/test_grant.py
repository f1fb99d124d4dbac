"""Grants: each leg is paid out exactly once, whatever billing answers and whoever dies half-way."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from referral_core.entities.balance import Balance
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import DISCOUNT_TYPE, Grant, GrantEvent, GrantStatus
from referral_core.values.money import Money
from tests.phrases import at, euros, grant, refused
from tests.strategies import cents, grants

ANSWERED = [GrantEvent.SEND, GrantEvent.BE_FOUND]


def after(leg: Grant, *events: GrantEvent) -> Grant:
    for event in events:
        leg = leg.after(event)
    return leg


# ── a leg ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B1")
def test_a_leg_is_due_from_the_activation() -> None:
    assert grant().status is GrantStatus.DUE
    assert grant().attempts == 0
    assert grant().effective_from == at("2021-02-01")
    assert DISCOUNT_TYPE == "Continuous bill discount"


@pytest.mark.rule("B2")
@given(grants(), st.lists(st.sampled_from(GrantEvent), max_size=6))
def test_a_leg_has_one_key_for_ever(leg: Grant, events: list[GrantEvent]) -> None:
    assert after(leg, *events).key == leg.key == f"{leg.side.value}/{leg.referral}"
    assert attrs.evolve(after(leg, *events), status=leg.status, attempts=leg.attempts) == leg


@pytest.mark.rule("B2")
@given(grants(), grants())
def test_two_legs_never_share_a_key(one: Grant, other: Grant) -> None:
    assert (one.key == other.key) == ((one.side, one.referral) == (other.side, other.referral))


@pytest.mark.rule("B2")
def test_the_sides_of_a_referral_have_keys_of_their_own() -> None:
    assert grant(Side.REFERRER).key == "referrer/contract-B"
    assert grant(Side.REFEREE).key == "referee/contract-B"


@pytest.mark.rule("B2")
def test_a_leg_that_billing_takes_at_once_is_sent_once() -> None:
    granted = after(grant(), *ANSWERED)
    assert (granted.status, granted.attempts) == (GrantStatus.GRANTED, 1)


@pytest.mark.rule("B2")
def test_an_unanswered_leg_is_asked_about_before_it_is_sent_again() -> None:
    unanswered = after(grant(), GrantEvent.SEND, GrantEvent.GO_UNANSWERED)
    assert (unanswered.status, unanswered.attempts) == (GrantStatus.UNCERTAIN, 1)
    assert unanswered.after(GrantEvent.SEND) == unanswered
    assert unanswered.after(GrantEvent.BE_FOUND).status is GrantStatus.GRANTED
    missing = unanswered.after(GrantEvent.BE_MISSING)
    assert (missing.status, missing.attempts) == (GrantStatus.DUE, 1)
    assert after(missing, *ANSWERED).attempts == 2


@pytest.mark.rule("B2")
def test_an_attempt_that_nobody_saw_the_end_of_is_asked_about_first() -> None:
    again = after(grant(), GrantEvent.SEND, GrantEvent.SEND)
    assert (again.status, again.attempts) == (GrantStatus.UNCERTAIN, 1)


@pytest.mark.rule("B2", "B4")
@given(grants(), st.lists(st.sampled_from(GrantEvent), max_size=6))
def test_what_billing_confirmed_stays_granted_whatever_arrives_late(leg: Grant, events: list[GrantEvent]) -> None:
    granted = leg.after(GrantEvent.BE_FOUND)
    assert granted.status is GrantStatus.GRANTED
    assert after(granted, *events) == granted


@pytest.mark.rule("B2")
@given(grants(), st.sampled_from(GrantEvent))
def test_an_attempt_is_counted_when_it_is_made(leg: Grant, event: GrantEvent) -> None:
    made = leg.status == "due" and event == "send"
    assert leg.after(event).attempts == leg.attempts + made
    assert type(leg.after(event).attempts) is int


class BillingThatFails(RuleBasedStateMachine):
    """A leg on its way to a billing that posts whatever reaches it and does not always answer.

    This billing knows no keys when it posts, so that nothing but the leg's own lifecycle keeps it from paying twice.
    """

    def __init__(self) -> None:
        super().__init__()
        self.leg = grant()
        self.posted = 0

    @rule(arrives=st.booleans(), answers=st.booleans(), survives=st.booleans())
    def send(self, arrives: bool, answers: bool, survives: bool) -> None:
        """Do what a sender does: write down that it sends, send, write down what came of it, unless it is killed."""
        self.leg = self.leg.after(GrantEvent.SEND)
        if self.leg.status is not GrantStatus.SENDING:
            return
        self.posted += arrives
        if survives:
            self.leg = self.leg.after(GrantEvent.BE_FOUND if arrives and answers else GrantEvent.GO_UNANSWERED)

    @rule(answers=st.booleans())
    def settle(self, answers: bool) -> None:
        """Ask billing for the key, as is done with a leg in doubt."""
        if self.leg.status is GrantStatus.UNCERTAIN:
            found = GrantEvent.BE_FOUND if self.posted else GrantEvent.BE_MISSING
            self.leg = self.leg.after(found if answers else GrantEvent.GO_UNANSWERED)

    @invariant()
    def nothing_is_paid_twice(self) -> None:
        assert self.posted <= 1

    @invariant()
    def granted_means_posted(self) -> None:
        assert self.leg.status is not GrantStatus.GRANTED or self.posted == 1

    def teardown(self) -> None:
        """Let billing come back: a few more tries pay the leg."""
        for _ in range(4):
            self.send(arrives=True, answers=True, survives=True)
            self.settle(answers=True)
        assert self.leg.status is GrantStatus.GRANTED
        assert self.posted == 1


BillingThatFails.TestCase.settings = settings(max_examples=60, stateful_step_count=12)
TestBillingThatFails = pytest.mark.rule("B2")(BillingThatFails.TestCase)


# ── what stands on an account ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B3", "B6", "B7")
@given(cents(), cents(), cents(), cents())
def test_what_came_in_is_what_went_out_and_what_is_unused(granted: int, came: int, used: int, left: int) -> None:
    balance = Balance(
        granted=Money(Decimal(granted).scaleb(-2)),
        transferred_in=Money(Decimal(came).scaleb(-2)),
        transferred_out=Money(Decimal(left).scaleb(-2)),
        consumed=Money(Decimal(used).scaleb(-2)),
    )
    if granted + came >= used + left:
        assert balance.unused == Money(Decimal(granted + came - used - left).scaleb(-2))
        assert balance.granted + balance.transferred_in == balance.consumed + balance.transferred_out + balance.unused
    else:
        with refused("amount-invalid"):
            assert balance.unused


@pytest.mark.rule("B3")
def test_grants_add_up() -> None:
    balance = Balance(granted=euros("25"), transferred_in=euros("5"), transferred_out=euros("2"), consumed=euros("8"))
    assert balance.unused == euros("20")
