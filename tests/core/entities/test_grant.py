"""Grants: each grant is paid out exactly once, whatever billing answers and whoever dies half-way."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

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


def after(grant: Grant, *events: GrantEvent) -> Grant:
    for event in events:
        grant = grant.after(event)
    return grant


# ── a grant ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B1")
def test_a_grant_is_due_from_the_activation() -> None:
    assert grant().status is GrantStatus.DUE
    assert grant().attempts == 0
    assert grant().effective_from == at("2021-02-01")
    assert DISCOUNT_TYPE == "Continuous bill discount"


@pytest.mark.rule("B2")
@given(grants(), st.lists(st.sampled_from(GrantEvent), max_size=6))
def test_a_grant_has_one_key_for_ever(grant: Grant, events: list[GrantEvent]) -> None:
    assert after(grant, *events).key == grant.key == f"{grant.side.value}/{grant.referral}"
    assert fixed(after(grant, *events)) == fixed(grant)


def fixed(grant: Grant) -> Grant:
    """Return a grant without what paying changes about it."""
    return attrs.evolve(grant, status=GrantStatus.DUE, attempts=0, wait_until=None, problem=None, failed_at=None)


@pytest.mark.rule("B2")
@given(grants(), grants())
def test_two_grants_never_share_a_key(one: Grant, other: Grant) -> None:
    assert (one.key == other.key) == ((one.side, one.referral) == (other.side, other.referral))


@pytest.mark.rule("B2")
def test_the_sides_of_a_referral_have_keys_of_their_own() -> None:
    assert grant(Side.REFERRER).key == "referrer/contract-B"
    assert grant(Side.REFEREE).key == "referee/contract-B"


@pytest.mark.rule("B2")
def test_an_unanswered_grant_is_asked_about_before_it_is_sent_again() -> None:
    unanswered = after(grant(), GrantEvent.SEND, GrantEvent.GO_UNANSWERED)
    assert unanswered.status is GrantStatus.UNCERTAIN
    assert unanswered.after(GrantEvent.SEND) == unanswered
    assert unanswered.after(GrantEvent.BE_FOUND).status is GrantStatus.GRANTED
    missing = unanswered.after(GrantEvent.BE_MISSING)
    assert missing.status is GrantStatus.DUE
    assert after(missing, *ANSWERED).status is GrantStatus.GRANTED


@pytest.mark.rule("B2")
def test_an_attempt_that_nobody_saw_the_end_of_is_asked_about_first() -> None:
    assert after(grant(), GrantEvent.SEND, GrantEvent.SEND).status is GrantStatus.UNCERTAIN


@pytest.mark.rule("B2")
def test_what_billing_refuses_is_due_unless_another_attempt_is_in_doubt() -> None:
    assert after(grant(), GrantEvent.SEND, GrantEvent.BE_REFUSED).status is GrantStatus.DUE
    in_doubt = after(grant(), GrantEvent.SEND, GrantEvent.GO_UNANSWERED)
    assert in_doubt.after(GrantEvent.BE_REFUSED) == in_doubt


# ── waiting ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B1", "B2")
def test_a_new_grant_waits_for_its_activation_and_is_as_it_was_written() -> None:
    assert grant().wait_until == grant().effective_from
    assert grant().state == (GrantStatus.DUE, 0, at("2021-02-01"))
    assert not grant().is_stuck


@pytest.mark.rule("B2")
@given(grants(), st.datetimes(timezones=st.just(UTC)))
def test_taking_a_grant_counts_as_an_attempt_and_lasts_until_the_lease_runs_out(grant: Grant, until: datetime) -> None:
    grant = attrs.evolve(grant, status=GrantStatus.DUE)
    taken = grant.taken(until)
    assert taken == attrs.evolve(grant, status=GrantStatus.SENDING, attempts=grant.attempts + 1, wait_until=until)
    again = taken.taken(until)
    assert again == attrs.evolve(taken, status=GrantStatus.UNCERTAIN, attempts=grant.attempts + 2)
    assert type(again.attempts) is int


@pytest.mark.rule("B2")
def test_what_failed_says_why_and_when_and_waits() -> None:
    failed = TAKEN.failed(GrantEvent.BE_REFUSED, "currency-mismatch", at=at("2021-02-02"), wait_until=at("2021-02-03"))
    assert (failed.status, failed.problem, failed.failed_at) == ("due", "currency-mismatch", at("2021-02-02"))
    assert failed.wait_until == at("2021-02-03")
    assert not failed.is_stuck


@pytest.mark.rule("B2")
def test_what_has_nothing_to_wait_for_is_stuck_until_it_is_tried_again_or_granted() -> None:
    stuck = TAKEN.failed(GrantEvent.GO_UNANSWERED, "no-answer", at=at("2021-02-02"), wait_until=None)
    assert stuck.is_stuck
    retried = stuck.retried(at("2021-02-05"))
    assert not retried.is_stuck
    assert (retried.status, retried.attempts, retried.wait_until) == ("uncertain", 0, at("2021-02-05"))
    assert (retried.problem, retried.failed_at) == (stuck.problem, stuck.failed_at)
    granted = stuck.after(GrantEvent.BE_FOUND)
    assert not granted.is_stuck
    assert (granted.wait_until, granted.problem, granted.failed_at) == (None, None, None)


@pytest.mark.rule("B2")
def test_what_is_granted_waits_for_nothing() -> None:
    with pytest.raises(ValueError, match=r"referrer/contract-B waits .* although it is granted"):
        attrs.evolve(grant(Side.REFERRER), status=GrantStatus.GRANTED)


TAKEN: Final = grant().taken(at("2021-02-01 00:01"))


# ── granted ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B2", "B4")
@given(grants(), st.lists(st.sampled_from(GrantEvent), max_size=6))
def test_what_billing_confirmed_stays_granted_whatever_arrives_late(grant: Grant, events: list[GrantEvent]) -> None:
    granted = grant.after(GrantEvent.BE_FOUND)
    assert granted.status is GrantStatus.GRANTED
    assert after(granted, *events) == granted


class BillingThatFails(RuleBasedStateMachine):
    """A grant on its way to a billing that posts whatever reaches it and does not always answer.

    This billing knows no keys when it posts, so that nothing but the grant's own lifecycle keeps it from paying twice.
    """

    def __init__(self) -> None:
        super().__init__()
        self.grant = grant()
        self.posted = 0

    @rule(arrives=st.booleans(), answers=st.booleans(), survives=st.booleans())
    def send(self, arrives: bool, answers: bool, survives: bool) -> None:
        """Do what a sender does: write down that it sends, send, write down what came of it, unless it is killed."""
        self.grant = self.grant.after(GrantEvent.SEND)
        if self.grant.status is not GrantStatus.SENDING:
            return
        self.posted += arrives
        if survives:
            self.grant = self.grant.after(GrantEvent.BE_FOUND if arrives and answers else GrantEvent.GO_UNANSWERED)

    @rule(answers=st.booleans())
    def settle(self, answers: bool) -> None:
        """Ask billing for the key, as is done with a grant in doubt."""
        if self.grant.status is GrantStatus.UNCERTAIN:
            found = GrantEvent.BE_FOUND if self.posted else GrantEvent.BE_MISSING
            self.grant = self.grant.after(found if answers else GrantEvent.GO_UNANSWERED)

    @invariant()
    def nothing_is_paid_twice(self) -> None:
        assert self.posted <= 1

    @invariant()
    def granted_means_posted(self) -> None:
        assert self.grant.status is not GrantStatus.GRANTED or self.posted == 1

    def teardown(self) -> None:
        """Let billing come back: a few more tries pay the grant."""
        for _ in range(4):
            self.send(arrives=True, answers=True, survives=True)
            self.settle(answers=True)
        assert self.grant.status is GrantStatus.GRANTED
        assert self.posted == 1


BillingThatFails.TestCase.settings = settings(max_examples=40, stateful_step_count=12)
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


@pytest.mark.rule("B2", "V2")
def test_a_void_grant_that_billing_does_not_have_is_settled_without_a_problem() -> None:
    in_doubt = after(grant(), GrantEvent.SEND, GrantEvent.GO_UNANSWERED, GrantEvent.VOID)
    settled = in_doubt.failed(GrantEvent.BE_MISSING, "nobody answered", at=at("2021-02-02"), wait_until=None)
    assert (in_doubt.status, settled.status) == (GrantStatus.VOID_IN_DOUBT, GrantStatus.VOID)
    assert (settled.problem, settled.wait_until) == (None, None)
