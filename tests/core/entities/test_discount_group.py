"""Discount groups: one amount at one moment for everybody in them, and a past that stays as it was."""

from __future__ import annotations

from datetime import datetime

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from referral_core.entities.discount_group import DiscountGroup, GroupEvent, GroupStatus, Side, Terms
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.money import Money
from tests.phrases import TICK, amounts, at, euros, group, period, refused
from tests.strategies import GRID, discount_groups, grid_periods, tick, ticks

WORKED_EXAMPLE = {
    "referrer": group("referrer").giving("10").from_("2021-01-01").giving("15").from_("2021-03-01").done,
    "referee-self-service": (
        group("referee-self-service").giving("7").from_("2021-01-01").giving("12").from_("2021-04-01").done
    ),
}
NOW = at("2021-01-10")


# ── what a group gives ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D1", "D3", "D4")
@pytest.mark.parametrize(
    ("concluded", "referrer", "referee"),
    [
        ("2021-01-01", "10", "7"),
        ("2021-01-15 12:00", "10", "7"),
        ("2021-02-28 23:59:59.999999", "10", "7"),
        ("2021-03-01", "15", "7"),
        ("2021-03-15 12:00", "15", "7"),
        ("2021-03-31 23:59:59.999999", "15", "7"),
        ("2021-04-01", "15", "12"),
        ("2021-04-15 12:00", "15", "12"),
    ],
)
def test_the_worked_example(concluded: str, referrer: str, referee: str) -> None:
    assert WORKED_EXAMPLE["referrer"].terms_at(at(concluded)).amount == euros(referrer)
    assert WORKED_EXAMPLE["referee-self-service"].terms_at(at(concluded)).amount == euros(referee)


@pytest.mark.rule("D3", "S7")
def test_terms_say_the_group_and_the_period_their_amount_comes_from() -> None:
    assert WORKED_EXAMPLE["referrer"].terms_at(at("2021-02-01")) == Terms(
        "referrer", GroupStatus.ENABLED, euros("10"), period("2021-01-01 .. 2021-03-01")
    )


@pytest.mark.rule("D3", "D8")
def test_in_a_gap_and_before_the_first_amount_a_group_gives_none() -> None:
    campaign = group("referrer").giving("20").in_("2021-03-01 .. 2021-04-01").done
    for moment in (at("2021-03-01") - TICK, at("2021-04-01"), at("2099-01-01")):
        assert campaign.terms_at(moment) == Terms("referrer", GroupStatus.ENABLED, None, None)
    assert campaign.terms_at(at("2021-04-01") - TICK).amount == euros("20")
    assert group("referrer").done.terms_at(NOW).amount is None


@pytest.mark.rule("D8")
def test_a_zero_amount_is_an_amount() -> None:
    nothing_for_referrers = group("referrer").giving("0").from_("2021-01-01").done
    assert nothing_for_referrers.terms_at(NOW).amount == euros("0")


# ── off and on ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D8", "M2")
def test_a_group_is_disabled_from_the_moment_of_switching_and_judged_at_the_moment_asked_about() -> None:
    paused = group("referrer").giving("10").from_("2021-01-01").disabled("2021-02-01").enabled("2021-03-01").done
    told = [
        (at("2020-01-01"), "enabled"),
        (at("2021-02-01") - TICK, "enabled"),
        (at("2021-02-01"), "disabled"),
        (at("2021-03-01") - TICK, "disabled"),
        (at("2021-03-01"), "enabled"),
        (at("2099-01-01"), "enabled"),
    ]
    assert [(moment, paused.status_at(moment)) for moment, _ in told] == told
    assert [(moment, paused.terms_at(moment).status) for moment, _ in told] == told


@pytest.mark.rule("D8")
def test_a_disabled_group_keeps_its_amounts() -> None:
    disabled = group("referrer").giving("10").from_("2021-01-01").disabled("2021-02-01").done
    assert disabled.terms_at(at("2021-02-01")) == Terms(
        "referrer", GroupStatus.DISABLED, euros("10"), period("2021-01-01 ..")
    )
    assert disabled.amounts == amounts("10 in 2021-01-01 ..")


@pytest.mark.rule("D2", "D8")
@given(discount_groups(), st.sampled_from(GroupEvent), ticks())
def test_switching_holds_until_the_next_switch_and_changes_nothing_before(
    before: DiscountGroup, event: GroupEvent, moment: datetime
) -> None:
    after = before.switched(event, moment)
    following = [when for when, _ in before.switches if when > moment]
    until = min(following, default=tick(GRID + 1))
    for sample in (tick(n) + step for n in range(GRID + 1) for step in (-TICK, TICK * 0)):
        if moment <= sample < until:
            assert after.status_at(sample) == f"{event}d"
        else:
            assert after.status_at(sample) == before.status_at(sample)
    assert [when for when, _ in after.switches] == sorted({when for when, _ in before.switches} | {moment})


@pytest.mark.rule("D2")
def test_switching_twice_to_the_same_is_fine() -> None:
    twice = group("referrer").disabled("2021-02-01").disabled("2021-03-01").done
    assert twice.status_at(at("2021-03-01")) == "disabled"
    back = group("referrer").disabled("2021-02-01").enabled("2021-02-01").done
    assert back.status_at(at("2021-02-01")) == "enabled"


# ── amounts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D4", "D5")
def test_an_amount_is_entered_by_the_rule_for_later_entries() -> None:
    lasting = group("referrer").giving("10").from_("2021-01-01").done
    changed = lasting.with_amount(euros("15"), period("2021-03-01 .."), NOW)
    assert changed.amounts == amounts("10 in 2021-01-01 .. 2021-03-01", "15 in 2021-03-01 ..")
    campaign = lasting.with_amount(euros("20"), period("2021-03-01 .. 2021-04-01"), NOW)
    assert campaign.amounts == amounts(
        "10 in 2021-01-01 .. 2021-03-01", "20 in 2021-03-01 .. 2021-04-01", "10 in 2021-04-01 .."
    )
    assert lasting.amounts == amounts("10 in 2021-01-01 ..")


@pytest.mark.rule("D3", "D4")
def test_an_amount_that_would_overlap_otherwise_is_refused_and_names_the_other_period() -> None:
    planned = group("referrer").giving("10").in_("2021-02-01 .. 2021-03-01").done
    with refused("period-overlap", field="period", naming=period("2021-02-01 .. 2021-03-01")):
        planned.with_amount(euros("15"), period("2021-02-15 .."), NOW)
    with refused("period-overlap", field="period", naming=period("2021-02-01 .. 2021-03-01")):
        planned.with_amount(euros("15"), period("2021-02-01 .. 2021-02-02"), NOW)


@pytest.mark.rule("D5")
def test_a_start_before_now_is_refused_and_now_itself_is_not() -> None:
    empty = group("referrer").done
    with refused("moment-past", field="from"):
        empty.with_amount(euros("10"), EffectivePeriod.starting(NOW - TICK), NOW)
    with refused("moment-past", field="from"):
        empty.with_amount(euros("10"), period("2020-01-01 .. 2022-01-01"), NOW)
    assert empty.with_amount(euros("10"), EffectivePeriod.starting(NOW), NOW).terms_at(NOW).amount == euros("10")


@pytest.mark.rule("D5")
def test_a_correction_reaches_into_the_past_and_displaces_what_stood_there() -> None:
    corrected = WORKED_EXAMPLE["referrer"].with_correction(euros("11"), period("2021-02-01 .. 2021-03-15"))
    assert corrected.amounts == amounts(
        "10 in 2021-01-01 .. 2021-02-01", "11 in 2021-02-01 .. 2021-03-15", "15 in 2021-03-15 .."
    )
    replaced = WORKED_EXAMPLE["referrer"].with_correction(euros("11"), period("2021-01-01 .."))
    assert replaced.amounts == amounts("11 in 2021-01-01 ..")


@pytest.mark.rule("D3", "D5")
@given(discount_groups(), grid_periods(), ticks())
def test_entered_in_time_the_past_stays_as_it_was(before: DiscountGroup, new: EffectivePeriod, now: datetime) -> None:
    if new.start < now:
        with refused("moment-past"):
            before.with_amount(euros("5"), new, now)
    elif not before.amounts.overlapping(new):
        after = before.with_amount(euros("5"), new, now)
        for sample in (tick(n) for n in range(GRID + 1)):
            expected = euros("5") if sample in new else before.terms_at(sample).amount
            assert after.terms_at(sample).amount == expected


@pytest.mark.rule("M3")
def test_a_group_has_amounts_in_one_currency() -> None:
    paying = group("referrer").giving("10").from_("2021-01-01").done
    with refused("currency-mismatch", field="amount", naming="referrer"):
        paying.with_amount(Money("100", "SEK"), period("2021-03-01 .."), NOW)
    with refused("currency-mismatch", field="amount", naming="referrer"):
        paying.with_correction(Money("100", "SEK"), period("2021-03-01 .."))
    empty = group("referrer").done
    assert empty.with_amount(Money("100", "SEK"), period("2021-03-01 .."), NOW).amounts.spans[0].value.currency == "SEK"
    assert empty.with_correction(Money("100", "SEK"), period("2021-03-01 ..")).amounts.spans[0].value.currency == "SEK"


@pytest.mark.rule("D3")
def test_groups_are_independent_of_each_other() -> None:
    referrer, referee = WORKED_EXAMPLE["referrer"], WORKED_EXAMPLE["referee-self-service"]
    assert referrer.with_amount(euros("20"), period("2021-06-01 .."), NOW).terms_at(at("2021-06-01")).amount == euros(
        "20"
    )
    assert referee.terms_at(at("2021-06-01")).amount == euros("12")


# ── name and side ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D2")
def test_a_renamed_group_is_the_same_group() -> None:
    renamed = WORKED_EXAMPLE["referrer"].renamed("friends")
    assert renamed == attrs.evolve(WORKED_EXAMPLE["referrer"], name="friends")
    assert (renamed.id, renamed.side) == ("referrer", Side.REFERRER)


@pytest.mark.rule("D2")
def test_a_group_belongs_to_one_side() -> None:
    assert [side.value for side in Side] == ["referrer", "referee"]
    assert WORKED_EXAMPLE["referee-self-service"].side is Side.REFEREE


@pytest.mark.rule("D2")
def test_a_group_shows_itself_in_a_notebook() -> None:
    shown = WORKED_EXAMPLE["referrer"]._repr_html_()
    assert "<b>referrer</b>" in shown
    assert "15.00 EUR" in shown
    assert "<b>referrer (&lt;friends&gt;)</b>" in WORKED_EXAMPLE["referrer"].renamed("<friends>")._repr_html_()


# ── any sequence of acts ──────────────────────────────────────────────────────────────────────────────────────────────


class AnyActs(RuleBasedStateMachine):
    """Acts on a group as time goes by, beside what it gave at each moment that has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.group = group("referrer").done
        self.day = 0
        self.passed: list[tuple[datetime, Terms]] = []
        self.status = "enabled"

    @property
    def now(self) -> datetime:
        return tick(self.day)

    @rule(days=st.integers(1, 3))
    def wait(self, days: int) -> None:
        self.passed += [(tick(n), self.group.terms_at(tick(n))) for n in range(self.day, self.day + days)]
        self.day += days

    @rule(after=st.integers(0, 4), length=st.none() | st.integers(1, 4), amount=st.integers(0, 20))
    def enter(self, after: int, length: int | None, amount: int) -> None:
        start = self.day + after
        new = EffectivePeriod(tick(start), None if length is None else tick(start + length))
        met = self.group.amounts.overlapping(new)
        if not met or (len(met) == 1 and met[0].period.is_open and met[0].period.start < new.start):
            self.group = self.group.with_amount(Money(amount), new, self.now)
            assert self.group.terms_at(new.start) == Terms(
                "referrer", self.group.status_at(new.start), Money(amount), new
            )
        else:
            with refused("period-overlap"):
                self.group.with_amount(Money(amount), new, self.now)

    @rule(before=st.integers(1, 5), length=st.none() | st.integers(1, 9))
    def enter_in_the_past(self, before: int, length: int | None) -> None:
        start = self.day - before
        with refused("moment-past"):
            new = EffectivePeriod(tick(start), None if length is None else tick(start + length))
            self.group.with_amount(euros("5"), new, self.now)

    @rule(event=st.sampled_from(GroupEvent))
    def switch(self, event: GroupEvent) -> None:
        self.group = self.group.switched(event, self.now)
        self.status = f"{event}d"

    @invariant()
    def it_is_as_it_was_switched_last(self) -> None:
        assert self.group.status_at(self.now) == self.status

    @invariant()
    def what_it_gave_stays_what_it_gave(self) -> None:
        now_told = [(moment, self.group.terms_at(moment)) for moment, _ in self.passed]
        assert [(moment, terms.status, terms.amount) for moment, terms in now_told] == [
            (moment, terms.status, terms.amount) for moment, terms in self.passed
        ]


AnyActs.TestCase.settings = settings(max_examples=40, stateful_step_count=15)
TestAnySequenceOfActs = pytest.mark.rule("D3", "D4", "D5", "D8")(AnyActs.TestCase)
