"""Where a discount is, as each side of a referral is told (T4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Final

import attrs
import pytest

from referral_adapters.memory import ContinuousDiscounts, Fault, FlakyBilling
from referral_core import Actor, ReferralStatus, Role, Side
from referral_core.services.accounts import ReferralView
from tests.office import HOUSEHOLD, WHEN, WHY, Office
from tests.phrases import TICK, at

SIGNED, STOPPED, ACTIVE, LATER = "2021-02-01 12:00", "2021-02-05 12:00", "2021-03-01 12:00", "2021-03-05 12:00"
STARTS: Final = date(2021, 3, 1)
BOTH: Final = ("A", "B")


def signed(office: Office) -> Office:
    """Have B sign up with A's code, for a contract that is to start on 1 March."""
    code, sign_ups = office.referrer("A"), office.session(SIGNED).sign_ups
    sign_ups.conclude("K-B", account="B", customer="b", code=code, starts_on=STARTS)
    return office


def seen(office: Office, account: str, *, known_at: datetime | None = None) -> ReferralView:
    """Return the one referral of an account, as its customer sees it."""
    actor = Actor(account.lower(), Role.CUSTOMER)
    (view,) = office.desk.session(actor=actor, now=WHEN, known_at=known_at).accounts.referrals(account)
    return view


def waits(office: Office) -> list[str]:
    return [seen(office, account).waits_for.value for account in BOTH]


def told(office: Office) -> list[tuple[str, date | None, datetime | None, str]]:
    views = [seen(office, account) for account in BOTH]
    return [(each.waits_for.value, each.expected_on, each.granted_at, str(each.amount)) for each in views]


@pytest.mark.rule("T4")
def test_both_sides_are_told_what_their_discount_waits_for_until_it_is_granted() -> None:
    office = signed(Office().with_amounts())
    assert told(office) == [("start", STARTS, None, "10.00 EUR"), ("start", STARTS, None, "7.00 EUR")]
    office.activated("K-B", ACTIVE)
    assert told(office) == [("billing", None, None, "10.00 EUR"), ("billing", None, None, "7.00 EUR")]
    office.paid(LATER)
    assert told(office) == [("nothing", None, at(ACTIVE), "10.00 EUR"), ("nothing", None, at(ACTIVE), "7.00 EUR")]


@pytest.mark.rule("T4")
def test_a_start_without_a_planned_day_is_waited_for_without_one() -> None:
    office = Office().with_amounts()
    office.concluded("K-B", on="B", code=office.referrer("A"))
    assert told(office) == [("start", None, None, "10.00 EUR"), ("start", None, None, "7.00 EUR")]


@pytest.mark.rule("T4", "V1", "V2")
def test_what_staff_stop_is_being_checked_or_not_paid_and_nobody_is_told_why() -> None:
    office = signed(Office().with_amounts())
    referrals = office.session(STOPPED).referrals
    referrals.hold("K-B", reason=WHY)
    assert waits(office) == ["check", "check"]
    office.activated("K-B", ACTIVE)
    assert waits(office) == ["check", "check"]
    referrals.void("K-B", side=Side.REFERRER, reason=WHY)
    assert waits(office) == ["not-paid", "check"]
    referrals.release("K-B", reason=WHY)
    office.paid(LATER)
    assert waits(office) == ["not-paid", "nothing"]
    office.session(LATER).referrals.void("K-B", reason=WHY)
    assert waits(office) == ["not-paid", "nothing"], "what was granted stays"
    assert [seen(office, each).granted_at for each in BOTH] == [None, at(ACTIVE)]
    assert not any(hidden in repr(seen(office, each)) for each in BOTH for hidden in (WHY, "system"))


@pytest.mark.rule("T4", "B9")
def test_a_contract_that_is_withdrawn_leaves_nothing_to_wait_for() -> None:
    office = signed(Office().with_amounts())
    office.withdrawn("K-B", STOPPED)
    assert waits(office) == ["not-paid", "not-paid"]
    assert [seen(office, each).status for each in BOTH] == [ReferralStatus.CANCELLED] * 2


@pytest.mark.rule("T4", "V1")
def test_a_side_that_billing_has_is_not_checked_with_the_other() -> None:
    posted_first = FlakyBilling(ContinuousDiscounts(), [None, Fault.BEFORE])  # the new customer's grant
    office = signed(Office(billing=posted_first).with_amounts())
    office.activated("K-B", ACTIVE)
    office.paid(ACTIVE)
    assert waits(office) == ["billing", "nothing"]
    office.session(LATER).referrals.hold("K-B", reason=WHY)
    assert waits(office) == ["check", "nothing"]
    office.session(LATER).referrals.void("K-B", reason=WHY)
    assert waits(office) == ["not-paid", "nothing"]


@pytest.mark.rule("T4", "D8")
def test_an_amount_of_zero_waits_for_nothing_once_the_contract_is_active() -> None:
    office = signed(Office().with_amounts(referrer="0"))
    assert waits(office) == ["start", "start"]
    office.activated("K-B", ACTIVE)
    assert waits(office) == ["nothing", "billing"]


@pytest.mark.rule("T4", "B5")
def test_a_referrer_whom_the_programme_does_not_pay_is_told_so() -> None:
    office = signed(Office(attrs.evolve(HOUSEHOLD, pay_ended_referrer=False)).with_amounts())
    office.terminated("K-A", STOPPED)
    office.activated("K-B", ACTIVE)
    assert waits(office) == ["not-paid", "billing"]


@pytest.mark.rule("T4", "A6")
def test_neither_side_learns_who_the_other_is() -> None:
    office = signed(Office().with_amounts())
    steps: tuple[Callable[[], object], ...] = (
        lambda: None,
        lambda: office.activated("K-B", ACTIVE),
        lambda: office.paid(LATER),
    )
    for step in steps:
        step()
        assert not any(hidden in repr(seen(office, "A")) for hidden in ("K-B", "'B'", "'b'"))
        assert not any(hidden in repr(seen(office, "B")) for hidden in ("K-A", "'A'", "'a'"))
        assert seen(office, "B").contract == "K-B"


@pytest.mark.rule("T4", "R3")
def test_where_it_was_is_told_as_known_then() -> None:
    office = signed(Office().with_amounts())
    office.session(STOPPED).referrals.hold("K-B", reason=WHY)
    office.session("2021-02-10").referrals.release("K-B", reason=WHY)
    office.activated("K-B", ACTIVE)
    office.paid(ACTIVE)
    for account in BOTH:
        then = [seen(office, account, known_at=at(when)) for when in (SIGNED, STOPPED, "2021-02-10", ACTIVE)]
        assert [view.waits_for.value for view in then] == ["start", "check", "start", "nothing"]
        assert [view.expected_on for view in then] == [STARTS, None, STARTS, None]
        assert seen(office, account, known_at=at(ACTIVE) - TICK).granted_at is None
