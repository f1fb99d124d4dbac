"""Where a discount is, as each side of a referral is told (T4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Final

import attrs
import pytest

from referral_adapters.memory import ContinuousDiscounts, Fault, FlakyBilling, FlakyLedger
from referral_core import Actor, ReferralStatus, Role, Side
from referral_core.entities.wait import Wait
from referral_core.programme.settings import Annulment
from referral_core.services.accounts import ReferralView
from tests.office import HOUSEHOLD, WHEN, WHY, Office
from tests.phrases import TICK, at, euros

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


# ── what became of it ─────────────────────────────────────────────────────────────────────────────────────────────────


def billed(office: Office) -> Office:
    """Have both be granted their amounts on 1 March, and A get two bills."""
    signed(office)
    office.activated("K-B", ACTIVE)
    office.paid(ACTIVE)
    for number, (when, amount) in enumerate([("2021-03-10", "6"), ("2021-04-01", "6")], 1):
        office.session(when).discounts.bill(f"R{number}", account="A", amount=euros(amount))
    return office


def bills(office: Office, account: str, *, known_at: str | None = None) -> list[tuple[str, str, datetime]] | None:
    view = seen(office, account, known_at=None if known_at is None else at(known_at))
    return None if view.bills is None else [(use.bill, str(use.amount), use.moment) for use in view.bills]


@pytest.mark.rule("T4", "B6")
def test_the_bills_that_used_a_discount_are_told_to_whose_it_is() -> None:
    office = billed(Office().with_amounts())
    first, second = ("R1", "6.00 EUR", at("2021-03-10")), ("R2", "4.00 EUR", at("2021-04-01"))
    assert (bills(office, "A"), bills(office, "B")) == ([first, second], [])
    assert [bills(office, "A", known_at=when) for when in (ACTIVE, "2021-03-10")] == [[], [first]]
    office.session(WHEN).discounts.cancel_bill("R1")
    assert bills(office, "A") == [second]


@pytest.mark.rule("T4", "B6", "B7")
def test_bills_on_the_account_that_a_discount_was_moved_to_are_told_too() -> None:
    office = signed(Office().with_amounts())
    office.activated("K-B", ACTIVE)
    office.paid(ACTIVE)
    office.terminated("K-A", LATER)
    office.supplied("K-A2", on="A2", of="a", when=LATER)
    office.session(LATER).discounts.transfer("A", "A2", amount=euros("4"))
    office.session("2021-03-10").discounts.bill("R9", account="A2", amount=euros("3"))
    assert bills(office, "A") == [("R9", "3.00 EUR", at("2021-03-10"))]


@pytest.mark.rule("T4")
def test_bills_that_billing_does_not_tell_are_unknown_and_not_none() -> None:
    office = signed(Office(billing=FlakyBilling(ContinuousDiscounts())).with_amounts())
    assert (bills(office, "A"), bills(office, "B")) == ([], []), "nothing can have been used before it is granted"
    office.activated("K-B", ACTIVE)
    office.paid(ACTIVE)
    assert (bills(office, "A"), bills(office, "B")) == (None, None)
    assert (bills(office, "A", known_at=SIGNED), bills(office, "A", known_at=ACTIVE)) == ([], None)


@pytest.mark.rule("T4")
def test_where_a_discount_is_is_told_while_billing_is_away() -> None:
    calls = list[str]()

    def away(method: str) -> Fault | None:
        calls.append(method)
        return Fault.BEFORE if method == "uses" else None

    office = billed(Office(billing=FlakyLedger(ContinuousDiscounts(), away)).with_amounts())
    office.granted("K-C", on="C", code=office.store.promo_codes.of_account("A")[0].text, when=LATER)
    calls.clear()
    views = office.session().accounts.referrals("A")
    assert [(view.waits_for, view.bills) for view in views] == [(Wait.NOTHING, None)] * 2
    assert calls == ["uses"], "it is not waited for once more for each"


@pytest.mark.rule("T4", "B11", "V2")
def test_what_was_taken_back_is_told_and_all_of_it_is_not_paid() -> None:
    office = billed(Office().with_amounts())
    office.session("2021-04-01 09:00").discounts.cancel_bill("R1")
    assert [seen(office, each).taken_back for each in BOTH] == [None, None]
    office.session("2021-04-01 10:00").referrals.void("K-B", take_back=True, reason=WHY)
    assert waits(office) == ["nothing", "nothing"], "until billing has taken it back"
    office.paid("2021-04-01 11:00")
    views = [seen(office, each) for each in BOTH]
    assert [(str(view.waits_for), str(view.taken_back)) for view in views] == [
        ("nothing", "6.00 EUR"),
        ("not-paid", "7.00 EUR"),
    ]
    assert [view.granted_at for view in views] == [at(ACTIVE)] * 2


@pytest.mark.rule("T4", "B10")
@pytest.mark.parametrize(
    ("annulment", "told"), [("unspent", ["nothing", "not-paid"]), ("keep", ["nothing", "nothing"])]
)
def test_of_an_annulled_contract_what_bills_used_stays_given(annulment: str, told: list[str]) -> None:
    office = billed(Office(attrs.evolve(HOUSEHOLD, annulment=Annulment(annulment))).with_amounts())
    office.session("2021-04-01 10:00").contracts.annul("K-B")
    office.paid("2021-04-01 11:00")
    assert waits(office) == told


@pytest.mark.rule("T4", "B10")
def test_a_contract_that_is_annulled_before_billing_had_it_leaves_nothing_to_wait_for() -> None:
    office = signed(Office().with_amounts())
    office.activated("K-B", ACTIVE)
    office.session(LATER).contracts.annul("K-B")
    assert waits(office) == ["not-paid", "not-paid"]
