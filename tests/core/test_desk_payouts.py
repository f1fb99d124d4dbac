"""Paying out at the desk: each leg once, whatever billing answers and wherever paying is broken off (B2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from referral_adapters.memory import ContinuousDiscounts, Fault, FlakyBilling
from referral_core import BillingUnavailable, Grant, GrantStatus, Side
from referral_core.entities.act import Act
from referral_core.entities.grant import GrantEvent
from referral_core.use_cases.paying import PAGE, PayRun
from tests.core.test_desk_acts import NOON, SYSTEM, Office
from tests.phrases import at, euros

NOW: Final = at(NOON)


class CountingBilling(ContinuousDiscounts):
    """Billing that remembers what it was asked, and can be out of reach for some accounts."""

    def __init__(self, *, down_for: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.down_for = down_for
        self.asked: list[str] = []
        self.before_posting: Callable[[Grant], object] = lambda grant: None

    def grant(self, grant: Grant) -> None:
        self.asked.append(f"grant {grant.key}")
        if grant.account in self.down_for:
            raise BillingUnavailable(f"no line to the system of {grant.account}")
        self.before_posting(grant)
        super().grant(grant)

    def has_grant(self, key: str) -> bool:
        self.asked.append(f"has {key}")
        return super().has_grant(key)


class Killed(BaseException):
    """The process was killed."""


class PayOffice(Office):
    """An office in which referee B's contract K1 activated by the code of A, whose two legs are due."""

    def __init__(self, billing: CountingBilling | FlakyBilling | None = None) -> None:
        super().__init__(billing=billing or CountingBilling())
        self.with_amounts()
        self.concluded("K1", on="B", code=self.referrer("A"))
        self.activated("K1")

    @property
    def billing(self) -> CountingBilling:
        assert isinstance(self.store.billing, CountingBilling)
        return self.store.billing

    def leg(self, side: Side, of: str = "K1") -> Grant:
        found = self.store.grants.find(f"{side}/{of}")
        assert found is not None
        return found

    def advanced(self, side: Side, *events: GrantEvent) -> Grant:
        """Take a leg some steps by hand."""
        leg = self.leg(side)
        for event in events:
            leg = self.desk.payouts.advance(leg, event, at=NOW, actor=SYSTEM)
        return leg

    def posted(self) -> list[str]:
        """Return the keys of what the trace says was posted, each as often as it says so."""
        rows = [row for row in self.all_traced() if row.act is Act.GRANT_POSTED]
        return sorted(str((row.after or {})["grant"]) for row in rows)


BOTH: Final = ["referee/K1", "referrer/K1"]

# ── all goes well ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B1", "B2")
def test_a_run_sends_every_leg_once() -> None:
    office = PayOffice()
    assert office.paid() == PayRun(granted=2, waiting=0)
    assert office.billing.asked == ["grant referee/K1", "grant referrer/K1"]
    assert (office.unused("A"), office.unused("B")) == ("10.00", "7.00")
    assert {(leg.status, leg.attempts) for leg in office.store.grants.all()} == {(GrantStatus.GRANTED, 1)}
    assert office.posted() == BOTH
    row = office.traced("A")[-1]
    assert (row.act, row.moment, row.actor) == (Act.GRANT_POSTED, NOW, "system")
    assert row.after == {"grant": "referrer/K1", "amount": "10.00 EUR"}


@pytest.mark.rule("B2")
def test_a_second_run_finds_nothing_to_do() -> None:
    office = PayOffice()
    office.paid()
    before = office.state()
    assert office.paid() == PayRun(granted=0, waiting=0)
    assert len(office.billing.asked) == 2
    assert office.state() == before


@pytest.mark.rule("B2")
def test_a_leg_that_is_paid_for_itself_is_paid_once() -> None:
    office = PayOffice()
    leg = office.leg(Side.REFEREE)
    pay = office.desk.payouts.pay
    assert pay(leg, at=NOW, actor=SYSTEM, within=office.store.transaction)
    assert pay(leg, at=NOW, actor=SYSTEM, within=office.store.transaction)
    assert office.billing.asked == ["grant referee/K1"]
    assert office.paid() == PayRun(granted=1, waiting=0)
    assert office.posted() == BOTH


@pytest.mark.rule("B2")
def test_billing_is_called_outside_of_the_callers_transactions() -> None:
    office = PayOffice()
    steps: list[str] = []

    @contextmanager
    def within() -> Iterator[None]:
        steps.append("begin")
        with office.store.transaction():
            yield
        steps.append("end")

    office.billing.before_posting = lambda grant: steps.append(grant.key)
    office.desk.payouts.pay_due(at=NOW, actor=SYSTEM, within=within)
    assert steps == ["begin", "end", "referee/K1", "begin", "end", "begin", "end", "referrer/K1", "begin", "end"]


@pytest.mark.rule("B2")
@pytest.mark.parametrize("count", [0, 1, PAGE, PAGE + 1, 2 * PAGE + 1])
def test_a_run_pays_more_legs_than_it_reads_at_a_time(count: int) -> None:
    office = Office(billing=CountingBilling())
    for number in range(count):
        office.store.grants.add(
            Grant(referral=f"K{number:05}", side=Side.REFEREE, account="A", amount=euros("1"), effective_from=NOW)
        )
    assert office.paid() == PayRun(granted=count, waiting=0)
    assert office.unused("A") == f"{count}.00"


# ── broken off half-way ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B2")
def test_a_leg_left_sending_before_billing_was_called_is_asked_about_and_sent() -> None:
    office = PayOffice()
    assert office.advanced(Side.REFEREE, GrantEvent.SEND).status is GrantStatus.SENDING
    assert office.paid() == PayRun(granted=2, waiting=0)
    assert office.billing.asked == ["has referee/K1", "grant referee/K1", "grant referrer/K1"]
    assert office.leg(Side.REFEREE).attempts == 2
    assert office.unused("B") == "7.00"
    assert office.posted() == BOTH


@pytest.mark.rule("B2")
def test_a_leg_left_sending_after_billing_was_called_is_asked_about_and_not_posted_again() -> None:
    office = PayOffice()
    office.billing.grant(office.advanced(Side.REFEREE, GrantEvent.SEND))
    office.billing.asked.clear()
    assert office.paid() == PayRun(granted=2, waiting=0)
    assert office.billing.asked == ["has referee/K1", "grant referrer/K1"]
    assert office.leg(Side.REFEREE).attempts == 1
    assert office.unused("B") == "7.00"
    assert office.posted() == BOTH


@pytest.mark.rule("B2")
@pytest.mark.parametrize("steps", range(1, 11))
def test_killed_at_any_step_a_second_run_pays_what_is_left(steps: int) -> None:
    office = PayOffice()
    left = iter(range(steps - 1))

    def step() -> None:
        if next(left, None) is None:
            raise Killed

    @contextmanager
    def within() -> Iterator[None]:
        step()
        with office.store.transaction():
            yield
            step()

    office.billing.before_posting = lambda _: step()
    with pytest.raises(Killed):
        office.desk.payouts.pay_due(at=NOW, actor=SYSTEM, within=within)
    office.billing.before_posting = lambda _: None
    office.paid()
    assert (office.unused("A"), office.unused("B")) == ("10.00", "7.00")
    assert office.posted() == BOTH
    assert office.paid() == PayRun(granted=0, waiting=0)


@pytest.mark.rule("B2")
def test_while_one_process_sends_another_does_not_post_again() -> None:
    office = PayOffice()
    runs: list[PayRun] = []

    def another_process(_: Grant) -> None:
        office.billing.before_posting = lambda _: None
        runs.append(office.paid())

    office.billing.before_posting = another_process
    runs.append(office.paid())
    assert runs == [PayRun(granted=2, waiting=0)] * 2
    assert (office.unused("A"), office.unused("B")) == ("10.00", "7.00")
    assert office.posted() == BOTH


@pytest.mark.rule("B2")
@pytest.mark.parametrize("event", GrantEvent)
def test_nothing_that_arrives_late_moves_a_granted_leg_or_traces_it_again(event: GrantEvent) -> None:
    office = PayOffice()
    stale = office.leg(Side.REFEREE)
    office.paid()
    before = office.state()
    assert office.desk.payouts.advance(stale, event, at=NOW, actor=SYSTEM) == office.leg(Side.REFEREE)
    assert office.state() == before


@pytest.mark.rule("B2")
def test_a_step_is_taken_from_where_the_store_has_the_leg() -> None:
    office = PayOffice()
    stale = office.leg(Side.REFEREE)
    office.advanced(Side.REFEREE, GrantEvent.SEND)
    assert office.desk.payouts.advance(stale, GrantEvent.SEND, at=NOW, actor=SYSTEM).status is GrantStatus.UNCERTAIN


# ── billing fails ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B2")
def test_one_account_out_of_reach_holds_up_no_other() -> None:
    office = PayOffice(CountingBilling(down_for=frozenset({"B"})))
    assert office.paid() == PayRun(granted=1, waiting=1)
    assert (office.unused("A"), office.unused("B")) == ("10.00", "0.00")
    assert office.leg(Side.REFEREE).status is GrantStatus.UNCERTAIN
    assert office.posted() == ["referrer/K1"]
    assert office.paid() == PayRun(granted=0, waiting=1)
    office.billing.down_for = frozenset()
    assert office.paid() == PayRun(granted=1, waiting=0)
    assert office.unused("B") == "7.00"
    assert office.leg(Side.REFEREE).attempts == 3
    assert office.posted() == BOTH


@pytest.mark.rule("B2")
def test_many_accounts_are_paid_around_one_that_is_out_of_reach() -> None:
    billing = CountingBilling(down_for=frozenset({"B3"}))
    office = Office(billing=billing).with_amounts()
    code = office.referrer("A")
    for number in range(6):
        office.concluded(f"K{number}", on=f"B{number}", code=code)
        office.activated(f"K{number}")
    assert office.paid() == PayRun(granted=11, waiting=1)
    assert [office.unused(f"B{number}") for number in range(6)] == ["7.00"] * 3 + ["0.00"] + ["7.00"] * 2
    assert office.unused("A") == "60.00"


def settled(*faults: Fault | None, late_by: int = 3) -> tuple[PayOffice, list[PayRun]]:
    """Return an office whose billing fails as told, and the runs it took until nothing waited."""
    billing = FlakyBilling(ContinuousDiscounts(), faults, late_by=late_by)
    office = PayOffice(billing)
    runs = [office.paid()]
    while runs[-1].waiting:
        assert len(runs) < 10
        runs.append(office.paid())
    billing.recover()
    return office, runs


@pytest.mark.rule("B2")
@pytest.mark.parametrize(
    ("faults", "runs"),
    [
        pytest.param([Fault.BEFORE], [(1, 1), (1, 0)], id="nothing happened"),
        pytest.param([Fault.MIDDLE], [(1, 1), (1, 0)], id="cut off half-way"),
        pytest.param([Fault.AFTER], [(1, 1), (1, 0)], id="posted, and the answer lost"),
        pytest.param([Fault.LATE], [(1, 1), (1, 0)], id="posted later"),
        pytest.param([Fault.AFTER, Fault.AFTER], [(0, 2), (2, 0)], id="both answers lost"),
        pytest.param([Fault.AFTER, None, Fault.BEFORE], [(1, 1), (0, 1), (1, 0)], id="asking fails too"),
        pytest.param([Fault.BEFORE, None, None, Fault.AFTER], [(1, 1), (0, 1), (1, 0)], id="fails, then answer lost"),
    ],
)
def test_however_billing_fails_each_side_is_paid_once(faults: list[Fault | None], runs: list[tuple[int, int]]) -> None:
    office, took = settled(*faults)
    assert [(run.granted, run.waiting) for run in took] == runs
    assert (office.unused("A"), office.unused("B")) == ("10.00", "7.00")
    assert office.posted() == BOTH


@pytest.mark.rule("B2")
def test_while_billing_does_not_answer_a_question_nothing_is_sent() -> None:
    billing = CountingBilling()
    flaky = FlakyBilling(billing, lambda method: Fault.AFTER if method == "has_grant" else None)
    office = PayOffice(flaky)
    office.advanced(Side.REFEREE, GrantEvent.SEND)
    assert office.paid() == PayRun(granted=1, waiting=1)
    assert billing.asked == ["has referee/K1", "grant referrer/K1"]
    assert office.leg(Side.REFEREE).status is GrantStatus.UNCERTAIN
    flaky.recover()
    assert office.paid() == PayRun(granted=1, waiting=0)
    assert office.posted() == BOTH
