"""Accounts at the desk: what their customers see of them, and what staff see."""

from __future__ import annotations

from typing import Final

import attrs
import pytest

from referral_adapters.memory import ContinuousDiscounts, FlakyBilling
from referral_core import Actor, GrantStatus, ReferralStatus, Refusal, Role, Side
from referral_core.entities.balance import Movement, MovementKind
from referral_core.entities.trace import TraceNote, account_subject
from referral_core.entities.wait import Wait
from referral_core.known_at import Knowledge
from referral_core.services.accounts import ReferralView
from referral_core.services.activity import Activity, ActivityCategory
from tests.office import HOUSEHOLD, NOON, SYSTEM, WHEN, WHY, Office
from tests.phrases import TICK, at, euros, refused

BOTH: Final = ("household", "micro-business")
AGENT: Final = Actor("Mari", Role.AGENT)
HOUSEHOLDS: Final = Actor("Mari", Role.AGENT, frozenset({"household"}))


def customer(named: str) -> Actor:
    return Actor(named, Role.CUSTOMER)


def town() -> Office:
    """Return an office in which households and companies sign up."""
    return Office(attrs.evolve(HOUSEHOLD, segments=BOTH, issuing_segments=BOTH)).with_amounts()


# ── of a customer ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("P3", "A1")
def test_accounts_come_in_the_order_in_which_they_first_had_a_contract() -> None:
    office = town()
    for number, account in enumerate(("Z", "A", "Z", "M")):
        segment = "micro-business" if account == "M" else "household"
        office.concluded(f"K{number}", on=account, of="ann", when=f"2021-02-0{number + 1}", segment=segment)
    for who in (customer("ann"), AGENT, SYSTEM):
        assert office.session(by=who).accounts.of_customer("ann") == ("Z", "A", "M")
        assert who.role is Role.CUSTOMER or office.session(by=who).accounts.of_customer("ben") == ()
    assert office.session(by=HOUSEHOLDS).accounts.of_customer("ann") == ("Z", "A")
    assert office.desk.session(actor=customer("new"), now=WHEN).accounts.of_customer("new") == ()


@pytest.mark.rule("A1")
def test_ids_cannot_be_probed() -> None:
    office = Office().with_amounts()
    office.referrer("A")
    stranger = office.desk.session(actor=customer("z"), now=WHEN)
    staff = office.session(by=AGENT)
    for ask in ("show", "referrals", "movements"):
        said = set()
        for account in ("A", "NOWHERE"):
            with pytest.raises(Refusal) as caught:
                getattr(stranger.accounts, ask)(account)
            said.add(str(caught.value))
        with refused("account-unknown", field="account"):
            getattr(staff.accounts, ask)("NOWHERE")
        assert said == {f"not-allowed: actor: account.{ask} is for the customer's own accounts"}
    with refused("account-unknown", field="account"):
        staff.accounts.activity("NOWHERE")


# ── an account ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C11", "T2", "P3")
def test_an_account_is_shown_with_all_that_stands_on_it() -> None:
    office = Office().with_amounts()
    first = office.referrer("A")
    office.session(NOON).codes.issue("A", code="A123", replace=True)
    office.granted("K-B", on="B", code="A123")
    office.supplied("GAS", on="A", when=NOON)
    seen = office.desk.session(actor=customer("a"), now=WHEN).accounts.show("A")
    assert (seen.account, seen.customer) == ("A", "a")
    assert [contract.id for contract in seen.contracts] == ["K-A", "GAS"]
    assert [code.text for code in seen.codes] == [first, "A123"]
    assert seen.figures == office.session().sharing.figures("A")
    assert seen.balance == office.store.billing.balance("A")
    assert (seen.figures.used, str(seen.balance.unused)) == (1, "10.00 EUR")


# ── referrals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def referring() -> tuple[Office, str]:
    """Return an office in which A has referred B to F, and was referred by R itself."""
    office = town()
    referrer = office.referrer("R")
    office.concluded("K-A", on="A", code=referrer, when="2021-01-10 12:00")
    code = office.activated("K-A", "2021-01-11 12:00").started
    assert code is not None
    for number, account in enumerate("BCDEF"):
        when, segment = f"2021-02-0{2 + number // 3} 12:00", "micro-business" if account == "E" else "household"
        office.concluded(f"K-{account}", on=account, code=code.text, when=when, segment=segment)
    office.activated("K-B", "2021-02-05 12:00")
    office.withdrawn("K-C", "2021-02-06 12:00")
    office.paid("2021-02-05 12:00")
    office.activated("K-D", "2021-02-07 12:00")
    return office, code.text


def ids(seen: tuple[ReferralView, ...]) -> list[str | None]:
    return [each.contract for each in seen]


@pytest.mark.rule("T2")
def test_referrals_are_shown_from_the_side_of_the_account() -> None:
    office, _ = referring()
    every = office.session(by=AGENT).accounts.referrals("A")
    assert ids(every) == ["K-F", "K-E", "K-D", "K-C", "K-B", "K-A"]
    noon = {number: at(f"2021-02-0{number} 12:00") for number in range(2, 8)}
    assert every[-2] == ReferralView(
        place="2021-02-02T10:00:00Z/3",
        side=Side.REFERRER,
        status=ReferralStatus.GRANTED,
        waits_for=Wait.NOTHING,
        concluded_at=noon[2],
        expected_on=None,
        granted_at=noon[5],
        cancelled_at=None,
        amount=euros("10"),
        grant=GrantStatus.GRANTED,
        taken_back=None,
        bills=(),
        contract="K-B",
        other="B",
    )
    told = [(each.side, each.status, each.grant, each.cancelled_at, str(each.amount.amount)) for each in every]
    assert told == [
        (Side.REFERRER, ReferralStatus.RECORDED, None, None, "10.00"),
        (Side.REFERRER, ReferralStatus.RECORDED, None, None, "10.00"),
        (Side.REFERRER, ReferralStatus.GRANTED, GrantStatus.DUE, None, "10.00"),
        (Side.REFERRER, ReferralStatus.CANCELLED, None, noon[6], "10.00"),
        (Side.REFERRER, ReferralStatus.GRANTED, GrantStatus.GRANTED, None, "10.00"),
        (Side.REFEREE, ReferralStatus.GRANTED, GrantStatus.GRANTED, None, "7.00"),
    ]
    assert every[-1].other == "R"


@pytest.mark.rule("T2", "A1")
def test_a_customer_sees_how_far_a_friend_is_and_not_who() -> None:
    office, _ = referring()
    every = office.desk.session(actor=customer("a"), now=WHEN).accounts.referrals("A")
    assert ids(every) == [None] * 5 + ["K-A"]
    assert [each.other for each in every] == [None] * 6
    whole = office.session(by=AGENT).accounts.referrals("A")
    assert [attrs.evolve(each, contract=None, other=None) for each in whole] == [
        attrs.evolve(each, contract=None) for each in every
    ]
    assert not any(named in repr(each) for each in every for named in ("K-B", "K-C", "K-D", "K-E", "K-F", "'R'"))


@pytest.mark.rule("A1")
def test_who_manages_households_does_not_see_which_company_was_referred() -> None:
    office, _ = referring()
    every = office.session(by=HOUSEHOLDS).accounts.referrals("A")
    assert ids(every) == ["K-F", None, "K-D", "K-C", "K-B", "K-A"]
    assert [each.other for each in every] == ["F", None, "D", "C", "B", "R"]


@pytest.mark.rule("T2")
@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("who", [AGENT, customer("a")], ids=["agent", "customer"])
def test_pages_of_any_size_show_each_referral_once(size: int, who: Actor) -> None:
    office, _ = referring()
    whole, shown = office.session(by=who).accounts.referrals("A"), tuple[ReferralView, ...]()
    while page := office.session(by=who).accounts.referrals("A", after=shown[-1].place if shown else None, limit=size):
        assert len(page) == min(size, len(whole) - len(shown))
        shown += page
    assert shown == whole


@pytest.mark.rule("T2")
def test_one_that_comes_in_later_does_not_shift_what_was_shown() -> None:
    office, code = referring()
    referrals = office.session(by=AGENT).accounts.referrals
    page = referrals("A", limit=2)
    office.concluded("K-G", on="G", code=code, when="2021-02-04 12:00")
    assert ids(referrals("A", after=page[-1].place)) == ["K-D", "K-C", "K-B", "K-A"]


@pytest.mark.parametrize("after", ["", "K-B", "2021-02-02T10:00:00Z", "2021-02-02T10:00:00Z/x", "2021-02-02T10:00/1"])
def test_what_is_no_place_is_refused(after: str) -> None:
    office, _ = referring()
    with refused("moment-invalid", field="after"):
        office.session(by=AGENT).accounts.referrals("A", after=after)


# ── movements ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def moving() -> Office:
    """Return an office in which B's discount was used in part, and moved to B's other account."""
    office, _ = referring()
    office.supplied("K-B2", on="B2", of="b", when="2021-02-08 12:00")
    office.session("2021-02-09 12:00").discounts.bill("R1", account="B", amount=euros("3"))
    office.terminated("K-B", "2021-02-10 12:00")
    office.session("2021-02-11 12:00").discounts.transfer("B", "B2", amount=euros("1"))
    office.session("2021-02-12 12:00").discounts.transfer("B", "B2", key="the rest")
    return office


def told(movements: tuple[Movement, ...]) -> list[tuple[str, str, str | None, str]]:
    return [
        (str(each.kind), str(each.amount.amount), each.reference, str(each.balance_after.amount)) for each in movements
    ]


@pytest.mark.rule("B3", "B6", "B7")
def test_movements_say_what_came_and_what_went() -> None:
    office = moving()
    for who in (AGENT, customer("b")):
        assert told(office.session(by=who).accounts.movements("B")) == [
            ("granted", "7.00", "referee/K-B", "7.00"),
            ("consumed", "3.00", "R1", "4.00"),
            ("transferred-out", "1.00", "B2", "3.00"),
            ("transferred-out", "3.00", "B2", "0.00"),
        ]
        assert told(office.session(by=who).accounts.movements("B2")) == [
            ("transferred-in", "1.00", "B", "1.00"),
            ("transferred-in", "3.00", "B", "4.00"),
        ]


@pytest.mark.rule("T2", "B3")
def test_a_customer_is_not_told_the_friends_contract_by_a_movement() -> None:
    office = moving()
    by_staff = told(office.session(by=AGENT).accounts.movements("A"))
    by_customer = told(office.desk.session(actor=customer("a"), now=WHEN).accounts.movements("A"))
    assert [reference for *_, reference, _ in by_staff] == ["referee/K-A", "referrer/K-B"]
    assert [reference for *_, reference, _ in by_customer] == ["referee/K-A", None]


@pytest.mark.rule("B7")
def test_a_transfer_from_nobody_knows_where_keeps_its_key() -> None:
    office = moving()
    office.store.billing.transfer("A", "B2", euros("2"), at=WHEN, key="by billing itself")
    assert told(office.session(by=AGENT).accounts.movements("B2"))[-1] == (
        "transferred-in",
        "2.00",
        "by billing itself",
        "6.00",
    )


def test_a_billing_that_tells_no_movements_has_none_to_show() -> None:
    office = Office(billing=FlakyBilling(ContinuousDiscounts())).with_amounts()
    office.granted("K-B", on="B", code=office.referrer("A"))
    assert office.unused("A") == "10.00"
    assert office.session().accounts.movements("A") == ()
    assert Knowledge(office.store, by=WHEN).billing.movements("A") == ()


@pytest.mark.rule("R3")
def test_movements_are_known_up_to_a_moment() -> None:
    past = Knowledge(moving().store, by=at("2021-02-09 12:00") - TICK)
    assert [each.kind for each in past.billing.movements("B")] == [MovementKind.GRANTED]


# ── activity ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def sentences(office: Office, account: str) -> list[tuple[str, str]]:
    entries = office.session(by=AGENT).accounts.activity(account)
    assert [each.moment for each in entries] == sorted((each.moment for each in entries), reverse=True)
    assert len({each.place for each in entries}) == len(entries)
    return [(str(each.category), each.text) for each in reversed(entries)]


@pytest.mark.rule("P3", "A2")
def test_the_timeline_says_what_was_done_in_words() -> None:
    office = moving()
    desk, supervisor = office.desk, Actor("Jüri", Role.SUPERVISOR)
    desk.session(actor=supervisor, now=at("2021-02-13")).discounts.note_fee("K-B", amount=euros("5"), reason=WHY)
    (first,), (given,) = ([code.text for code in office.store.promo_codes.of_account(each)] for each in "BA")
    assert sentences(office, "B") == [
        ("code", f"The code {first} was issued."),
        ("referral", f"Contract K-B was concluded with the code {given}, for 7.00 EUR once it activates."),
        ("code", f"The code {first} became active."),
        ("discount", "7.00 EUR became due for contract K-B."),
        ("discount", "7.00 EUR was granted for contract K-B."),
        ("discount", "3.00 EUR was used by bill R1."),
        ("code", f"The code {first} ended."),
        ("discount", "1.00 EUR was moved from account B to account B2."),
        ("discount", "3.00 EUR was moved from account B to account B2."),
        ("fee", "It was noted that 5.00 EUR is to be paid back for contract K-B."),
    ]
    (newest,) = desk.session(actor=AGENT, now=WHEN).accounts.activity("B", limit=1)
    assert newest == Activity(
        place="2021-02-12T22:00:00Z/1",
        category=ActivityCategory.FEE,
        moment=at("2021-02-13"),
        act="termination-fee.note",
        text="It was noted that 5.00 EUR is to be paid back for contract K-B.",
        by="Jüri",
        role=Role.SUPERVISOR,
        reason=WHY,
    )


@pytest.mark.rule("P3", "T2")
def test_the_timeline_of_a_referrer_names_no_friend() -> None:
    office, code = referring()
    assert sentences(office, "A")[-4:] == [
        ("discount", "7.00 EUR was granted for contract K-A."),
        ("discount", "10.00 EUR became due for referring a friend."),
        ("discount", "10.00 EUR was granted for referring a friend."),
        ("discount", "10.00 EUR became due for referring a friend."),
    ]
    grant = office.store.grants.find("referrer/K-D")
    assert grant is not None
    office.store.grants.change([(grant, attrs.evolve(grant, wait_until=None, attempts=12))])
    office.session("2021-02-20").payouts.retry("referrer/K-D")
    office.session("2021-02-20").codes.end(code, ends_at=at("2021-03-01"))
    office.session("2021-02-20").codes.issue("B", replace=True)
    assert sentences(office, "A")[-2:] == [
        ("code", f"The code {code} is to end at 2021-02-28T22:00:00Z."),
        ("discount", "The discount due for referring a friend is to be tried again."),
    ]
    assert sentences(office, "B")[-1][1].endswith(" was issued, active at once.")
    assert not any(f"K-{friend}" in text for _, text in sentences(office, "A") for friend in "BCDEF")


@pytest.mark.rule("P3")
def test_the_timeline_tells_of_sign_ups_and_cases() -> None:
    office, code = referring()
    office.session("2021-02-12").cases.open("case-1", customer="g", code=code)
    office.session("2021-02-13", AGENT).cases.finish("case-1", contract="K-G", account="G", customer="g")
    office.session("2021-02-14", AGENT).referrals.change_group("K-G", group="referee-manual", reason=WHY)
    office.withdrawn("K-G", "2021-02-15")
    office.concluded("K-H", on="H", code="B999", channel="sales-portal")
    texts = [text for _, text in sentences(office, "G")]
    assert texts[0] == "Contract K-G was concluded."
    assert texts[2:] == [
        "Case case-1 was finished with contract K-G.",
        f"Contract K-G was concluded with the code {code}, for 7.00 EUR once it activates.",
        "The discount for contract K-G was changed from 7.00 EUR to 8.00 EUR.",
        *texts[5:6],
        f"The use of the code {code} for contract K-G was cancelled.",
    ]
    assert sentences(office, "H")[0] == (
        "referral", "Contract K-H was concluded, with a code that could not be used (code-unknown).",
    )  # fmt: skip
    office.session("2021-02-16").customers.erase("g")
    assert sentences(office, "G")[-1] == ("other", "The customer was erased.")
    erased = [each for each in office.session(by=AGENT).accounts.activity("G") if each.reason is None]
    assert any(each.act == "referral.change-group" and each.by is None for each in erased)


@pytest.mark.rule("P3")
def test_what_a_row_does_not_say_is_a_question_mark() -> None:
    office, _ = referring()
    subject = account_subject("A")
    for act in ("code.check", "grant.due", "code.end"):
        office.store.trace.append(TraceNote(subject, WHEN, act, SYSTEM, {"code": None}, None))
    assert sentences(office, "A")[-3:] == [
        ("other", "code.check took place."),
        ("discount", "? became due for contract ?."),
        ("code", "The code ? ended."),
    ]


@pytest.mark.rule("P3")
@pytest.mark.parametrize("size", [1, 2, 3, 8, 9, 50])
def test_pages_of_any_size_tell_each_activity_once(size: int) -> None:
    office = moving()
    activity = office.session(by=AGENT).accounts.activity
    whole, shown = activity("B"), tuple[Activity, ...]()
    while page := activity("B", after=shown[-1].place if shown else None, limit=size):
        assert len(page) == min(size, len(whole) - len(shown))
        shown += page
    assert shown == whole
    assert activity("B", after=whole[-1].place) == ()
