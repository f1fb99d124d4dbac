"""Timelines: no two periods ever overlap; checked against a plain table of moments and values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.timeline import Span, Timeline
from tests.phrases import TICK, amounts, at, euros, period, refused
from tests.strategies import GRID, grid_periods, tick, timelines

STEPS = (-TICK, timedelta(0), timedelta(hours=9))
SAMPLES = [tick(number) + step for number in range(GRID + 1) for step in STEPS]
SAMPLES.append(tick(GRID) + timedelta(days=36_500))

Table = Mapping[datetime, int]
"""What holds at each sampled moment; a moment in a gap is missing."""

some_values = st.integers(1, 9)


def moments_of(span: EffectivePeriod) -> frozenset[datetime]:
    """Return the sampled moments of a period, by the definition of half-open."""
    return frozenset(at for at in SAMPLES if span.start <= at and (span.end is None or at < span.end))


def table_of(timeline: Timeline[int]) -> Table:
    """Return what a timeline's spans say at each sampled moment, reckoned without its own looking up."""
    return {at: span.value for span in timeline.spans for at in moments_of(span.period)}


def collide(one: EffectivePeriod, other: EffectivePeriod) -> bool:
    return bool(moments_of(one) & moments_of(other))


def is_lawful(timeline: Timeline[int]) -> bool:
    """Tell whether the spans stand in order and no two of them share a moment."""
    spans = [span.period for span in timeline.spans]
    in_order = all(one.start < other.start for one, other in pairwise(spans))
    return in_order and not any(collide(a, b) for n, a in enumerate(spans) for b in spans[n + 1 :])


def may_be_entered(timeline: Timeline[int], new: EffectivePeriod) -> bool:
    """Say what D4 says: a later entry may stand in a gap, or inside one open-ended period that starts earlier."""
    met = [span.period for span in timeline.spans if collide(span.period, new)]
    return not met or (len(met) == 1 and met[0].end is None and met[0].start < new.start)


# ── the law ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C6", "D3")
@given(timelines(some_values))
def test_at_every_moment_a_timeline_says_what_its_spans_say(timeline: Timeline[int]) -> None:
    assert is_lawful(timeline)
    found = {moment: timeline.at(moment) for moment in SAMPLES}
    assert {moment: span.value for moment, span in found.items() if span} == table_of(timeline)
    assert all(moment in span.period for moment, span in found.items() if span)


@pytest.mark.rule("C6", "D3")
@given(st.lists(grid_periods(), max_size=4))
def test_periods_that_share_a_moment_make_no_timeline(held: list[EffectivePeriod]) -> None:
    spans = tuple(Span(each, number) for number, each in enumerate(held))
    if any(collide(a, b) for n, a in enumerate(held) for b in held[n + 1 :]):
        with refused("period-overlap", field="period"):
            Timeline(spans)
    else:
        assert is_lawful(Timeline(spans))
        assert set(Timeline(spans)) == set(spans)


@pytest.mark.rule("C6", "D3")
def test_touching_periods_and_gaps_are_fine() -> None:
    timeline = amounts("15 in 2021-05-01 ..", "10 in 2021-01-01 .. 2021-03-01", "12 in 2021-03-01 .. 2021-04-01")
    assert [str(span.value.amount) for span in timeline] == ["10.00", "12.00", "15.00"]
    assert len(timeline) == 3
    assert timeline.at(at("2021-01-01") - TICK) is None
    assert timeline.at(at("2021-03-01") - TICK) == Span(period("2021-01-01 .. 2021-03-01"), euros("10"))
    assert timeline.at(at("2021-03-01")) == Span(period("2021-03-01 .. 2021-04-01"), euros("12"))
    assert timeline.at(at("2021-04-01")) is None
    assert timeline.at(at("2021-05-01") - TICK) is None
    assert timeline.at(at("2021-05-01")) == Span(period("2021-05-01 .."), euros("15"))
    assert timeline.at(at("2099-01-01")) == Span(period("2021-05-01 .."), euros("15"))


@pytest.mark.rule("D3")
def test_an_overlap_names_both_periods() -> None:
    with refused("period-overlap", naming=period("2021-01-01 .. 2021-03-02")):
        amounts("10 in 2021-01-01 .. 2021-03-02", "15 in 2021-03-01 ..")
    with refused("period-overlap", naming=period("2021-03-01 ..")):
        amounts("10 in 2021-01-01 .. 2021-03-02", "15 in 2021-03-01 ..")


@pytest.mark.rule("D3")
def test_a_timeline_without_spans_says_nothing() -> None:
    nothing: Timeline[int] = Timeline()
    assert nothing.at(at("2021-01-01")) is None
    assert len(nothing) == 0
    assert nothing.overlapping(period("2021-01-01 ..")) == ()


@pytest.mark.rule("D3")
@given(timelines(some_values), grid_periods())
def test_what_overlaps_a_period_is_found_in_order(timeline: Timeline[int], span: EffectivePeriod) -> None:
    assert timeline.overlapping(span) == tuple(each for each in timeline.spans if collide(each.period, span))


@pytest.mark.rule("D3", "D5")
@given(timelines(some_values), grid_periods())
def test_what_holds_in_a_period_is_what_held_before_and_nothing_else(
    timeline: Timeline[int], span: EffectivePeriod
) -> None:
    inside = moments_of(span)
    assert table_of(Timeline(timeline.within(span))) == {
        moment: value for moment, value in table_of(timeline).items() if moment in inside
    }


# ── adding ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C6", "D3")
@given(timelines(some_values), grid_periods())
def test_adding_fills_a_gap_or_is_refused(timeline: Timeline[int], new: EffectivePeriod) -> None:
    before = table_of(timeline)
    met = timeline.overlapping(new)
    if met:
        with refused("period-overlap", field="period", naming=f"{new.shown} overlaps the one {met[0].period.shown}"):
            timeline.adding(new, 0)
    else:
        after = timeline.adding(new, 0)
        assert is_lawful(after)
        assert table_of(after) == {**before, **dict.fromkeys(moments_of(new), 0)}
    assert table_of(timeline) == before


# ── entering, by the rule for later entries ───────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D3", "D4")
@given(timelines(some_values), grid_periods())
def test_entering_follows_the_rule_for_later_entries(timeline: Timeline[int], new: EffectivePeriod) -> None:
    before = table_of(timeline)
    if may_be_entered(timeline, new):
        after = timeline.entering(new, 0)
        assert is_lawful(after)
        assert table_of(after) == {**before, **dict.fromkeys(moments_of(new), 0)}
    else:
        with refused("period-overlap", field="period"):
            timeline.entering(new, 0)
    assert table_of(timeline) == before


@pytest.mark.rule("D4")
def test_a_later_open_ended_entry_closes_the_open_one_at_its_start() -> None:
    entered = amounts("10 in 2021-01-01 ..").entering(period("2021-03-01 .."), euros("15"))
    assert entered == amounts("10 in 2021-01-01 .. 2021-03-01", "15 in 2021-03-01 ..")


@pytest.mark.rule("D4")
def test_a_campaign_month_splits_the_open_period_and_the_earlier_value_resumes() -> None:
    entered = amounts("10 in 2021-01-01 ..").entering(period("2021-03-01 .. 2021-04-01"), euros("20"))
    assert entered == amounts("10 in 2021-01-01 .. 2021-03-01", "20 in 2021-03-01 .. 2021-04-01", "10 in 2021-04-01 ..")


@pytest.mark.rule("D4")
def test_campaign_months_and_lasting_changes_follow_one_another() -> None:
    entered = (
        amounts("10 in 2021-01-01 ..")
        .entering(period("2021-03-01 .. 2021-04-01"), euros("20"))
        .entering(period("2021-04-01 00:00:00.000001 .."), euros("15"))
        .entering(period("2021-06-01 .. 2021-07-01"), euros("25"))
    )
    assert entered == amounts(
        "10 in 2021-01-01 .. 2021-03-01",
        "20 in 2021-03-01 .. 2021-04-01",
        "10 in 2021-04-01 .. 2021-04-01 00:00:00.000001",
        "15 in 2021-04-01 00:00:00.000001 .. 2021-06-01",
        "25 in 2021-06-01 .. 2021-07-01",
        "15 in 2021-07-01 ..",
    )


@pytest.mark.rule("D4")
@pytest.mark.parametrize("new", ["2021-01-01 ..", "2021-01-01 .. 2021-02-01"])
def test_a_start_equal_to_another_is_refused(new: str) -> None:
    for standing in ("2021-01-01 ..", "2021-01-01 .. 2021-02-01"):
        with refused("period-overlap", field="period", naming=period(standing)):
            amounts(f"10 in {standing}").entering(period(new), euros("15"))


@pytest.mark.rule("D3", "D4")
@pytest.mark.parametrize(
    ("new", "other"),
    [
        pytest.param("2021-02-01 ..", "2021-01-01 .. 2021-03-01", id="open, starting inside a closed period"),
        pytest.param("2021-02-01 .. 2021-02-15", "2021-01-01 .. 2021-03-01", id="inside a closed period"),
        pytest.param("2021-02-01 .. 2021-03-15", "2021-01-01 .. 2021-03-01", id="over the end of a closed period"),
        pytest.param("2020-12-01 .. 2021-01-02", "2021-01-01 .. 2021-03-01", id="over the start of a closed period"),
        pytest.param("2020-12-01 .. 2021-03-15", "2021-01-01 .. 2021-03-01", id="around a closed period"),
        pytest.param("2021-03-15 .. 2021-05-02", "2021-05-01 ..", id="over the start of the open period"),
        pytest.param("2021-03-15 ..", "2021-05-01 ..", id="open, starting before the open period"),
        pytest.param("2020-12-01 ..", "2021-01-01 .. 2021-03-01", id="open, starting before everything"),
    ],
)
def test_any_other_overlap_is_refused_and_names_the_other_period(new: str, other: str) -> None:
    standing = amounts("10 in 2021-01-01 .. 2021-03-01", "15 in 2021-05-01 ..")
    with refused(
        "period-overlap", field="period", naming=f"{period(new).shown} overlaps the one {period(other).shown}"
    ):
        standing.entering(period(new), euros("20"))


@pytest.mark.rule("D3", "D4")
@pytest.mark.parametrize("new", ["2020-12-01 .. 2021-01-01", "2021-03-01 .. 2021-05-01", "2021-04-01 .. 2021-04-02"])
def test_an_entry_in_a_gap_is_fine(new: str) -> None:
    standing = amounts("10 in 2021-01-01 .. 2021-03-01", "15 in 2021-05-01 ..")
    assert standing.entering(period(new), euros("20")) == Timeline((*standing, Span(period(new), euros("20"))))


# ── displacing ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D5")
@given(timelines(some_values), grid_periods())
def test_displacing_puts_the_value_everywhere_in_its_period_and_nowhere_else(
    timeline: Timeline[int], new: EffectivePeriod
) -> None:
    before = table_of(timeline)
    after = timeline.displacing(new, 0)
    assert is_lawful(after)
    assert table_of(after) == {**before, **dict.fromkeys(moments_of(new), 0)}
    assert table_of(timeline) == before


@pytest.mark.rule("D5")
def test_a_correction_displaces_whatever_it_overlaps() -> None:
    standing = amounts("10 in 2021-01-01 .. 2021-03-01", "12 in 2021-03-01 .. 2021-04-01", "15 in 2021-05-01 ..")
    assert standing.displacing(period("2021-02-01 .. 2021-06-01"), euros("11")) == amounts(
        "10 in 2021-01-01 .. 2021-02-01", "11 in 2021-02-01 .. 2021-06-01", "15 in 2021-06-01 .."
    )
    assert standing.displacing(period("2021-01-01 .."), euros("11")) == amounts("11 in 2021-01-01 ..")
    assert standing.displacing(period("2021-01-10 .. 2021-01-20"), euros("11")) == amounts(
        "10 in 2021-01-01 .. 2021-01-10",
        "11 in 2021-01-10 .. 2021-01-20",
        "10 in 2021-01-20 .. 2021-03-01",
        "12 in 2021-03-01 .. 2021-04-01",
        "15 in 2021-05-01 ..",
    )


# ── moving ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C6", "D3")
@given(st.data(), timelines(some_values))
def test_moving_counts_only_where_spans_end_up(data: st.DataObject, timeline: Timeline[int]) -> None:
    before = table_of(timeline)
    moves = {span.period: data.draw(grid_periods()) for span in timeline if data.draw(st.booleans())}
    ends_up = [(moves.get(span.period, span.period), span.value) for span in timeline]
    if any(collide(a, b) for n, (a, _) in enumerate(ends_up) for b, _ in ends_up[n + 1 :]):
        with refused("period-overlap", field="period"):
            timeline.moving(moves)
    else:
        after = timeline.moving(moves)
        assert is_lawful(after)
        assert table_of(after) == {moment: value for new, value in ends_up for moment in moments_of(new)}
    assert table_of(timeline) == before


@pytest.mark.rule("D3")
def test_adjacent_periods_move_together_where_one_at_a_time_would_be_refused() -> None:
    standing = amounts("10 in 2021-01-01 .. 2021-02-01", "15 in 2021-02-01 .. 2021-03-01")
    january, february, march = (
        period("2021-01-01 .. 2021-02-01"),
        period("2021-02-01 .. 2021-03-01"),
        period("2021-03-01 .. 2021-04-01"),
    )
    with refused("period-overlap"):
        standing.moving({january: february})
    moved = amounts("10 in 2021-02-01 .. 2021-03-01", "15 in 2021-03-01 .. 2021-04-01")
    assert standing.moving({january: february, february: march}) == moved
    assert standing.moving({february: march, january: february}) == moved


@pytest.mark.rule("D3")
def test_two_periods_can_change_places_but_not_share_one() -> None:
    standing = amounts("10 in 2021-01-01 .. 2021-02-01", "15 in 2021-02-01 ..")
    first, second = (span.period for span in standing)
    assert standing.moving({first: second, second: first}) == amounts(
        "15 in 2021-01-01 .. 2021-02-01", "10 in 2021-02-01 .."
    )
    with refused("period-overlap"):
        standing.moving({first: second})


@pytest.mark.rule("D3")
def test_a_border_between_two_periods_moves_in_one_act() -> None:
    standing = amounts("10 in 2021-01-01 .. 2021-02-01", "15 in 2021-02-01 ..")
    first, second = (span.period for span in standing)
    assert standing.moving({first: period("2021-01-01 .. 2021-02-10"), second: period("2021-02-10 ..")}) == amounts(
        "10 in 2021-01-01 .. 2021-02-10", "15 in 2021-02-10 .."
    )
    assert standing.moving({}) == standing


@pytest.mark.rule("D3")
def test_a_period_that_is_not_there_cannot_move() -> None:
    standing = amounts("10 in 2021-01-01 .. 2021-02-01")
    with pytest.raises(KeyError, match="no span has the period 2021-01-31T22:00:00Z"):
        standing.moving({period("2021-02-01 .."): period("2021-03-01 ..")})


# ── any sequence of acts ──────────────────────────────────────────────────────────────────────────────────────────────


class AnyActs(RuleBasedStateMachine):
    """Acts in any order, beside a plain table of moments; whatever is refused changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.timeline: Timeline[int] = Timeline()
        self.table: dict[datetime, int] = {}

    @rule(new=grid_periods(), value=some_values)
    def add(self, new: EffectivePeriod, value: int) -> None:
        if not self.table.keys() & moments_of(new):
            self.timeline = self.timeline.adding(new, value)
            self.table |= dict.fromkeys(moments_of(new), value)
        else:
            with refused("period-overlap"):
                self.timeline.adding(new, value)

    @rule(new=grid_periods(), value=some_values)
    def enter(self, new: EffectivePeriod, value: int) -> None:
        if may_be_entered(self.timeline, new):
            self.timeline = self.timeline.entering(new, value)
            self.table |= dict.fromkeys(moments_of(new), value)
        else:
            with refused("period-overlap"):
                self.timeline.entering(new, value)

    @rule(new=grid_periods(), value=some_values)
    def correct(self, new: EffectivePeriod, value: int) -> None:
        self.timeline = self.timeline.displacing(new, value)
        self.table |= dict.fromkeys(moments_of(new), value)

    @rule(data=st.data(), new=grid_periods())
    def move(self, data: st.DataObject, new: EffectivePeriod) -> None:
        if not self.timeline.spans:
            return
        moved = data.draw(st.sampled_from(self.timeline.spans))
        rest = {at: value for at, value in self.table.items() if at not in moments_of(moved.period)}
        if not rest.keys() & moments_of(new):
            self.timeline = self.timeline.moving({moved.period: new})
            self.table = rest | dict.fromkeys(moments_of(new), moved.value)
        else:
            with refused("period-overlap"):
                self.timeline.moving({moved.period: new})

    @invariant()
    def nothing_overlaps(self) -> None:
        assert is_lawful(self.timeline)

    @invariant()
    def every_moment_has_the_value_last_given(self) -> None:
        assert table_of(self.timeline) == self.table


AnyActs.TestCase.settings = settings(max_examples=40, stateful_step_count=15)
TestAnySequenceOfActs = pytest.mark.rule("C6", "D3", "D4", "D5")(AnyActs.TestCase)


# ── a value's manners ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("D3")
@given(timelines(some_values))
def test_a_timeline_is_shown_as_one_writes_it(timeline: Timeline[int]) -> None:
    assert eval(repr(timeline)) == timeline
    assert Timeline(reversed(timeline.spans)) == timeline
    assert hash(Timeline(reversed(timeline.spans))) == hash(timeline)


@pytest.mark.rule("D3")
def test_a_timeline_draws_itself_in_a_notebook() -> None:
    picture = amounts("10 in 2021-01-01 .. 2021-03-01", "15 in 2021-03-01 ..")._repr_html_()
    assert picture.startswith("<svg")
    assert "10.00 EUR" in picture
    assert "15.00 EUR" in picture


@pytest.mark.rule("D3")
def test_a_timeline_never_changes() -> None:
    standing = amounts("10 in 2021-01-01 ..")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        standing.spans = ()  # type: ignore[misc]  # it is frozen
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        standing.spans[0].value = euros("15")  # type: ignore[misc]  # it is frozen
    assert standing != amounts("11 in 2021-01-01 ..")
    assert attrs.evolve(standing, spans=()).at(at("2021-02-01")) is None
