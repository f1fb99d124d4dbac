"""Effective periods: half-open, never empty, checked against plain sets of moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

import attrs
import pytest
from hypothesis import given

from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.moment import Calendar, showing_moments_in
from tests.phrases import TALLINN, TICK, at, period, refused
from tests.strategies import GRID, grid_periods, moments, periods, tick, zones

FAR = timedelta(days=36_500)
STEPS = (-TICK, timedelta(0), TICK, timedelta(hours=9))
SAMPLES = [tick(number) + step for number in range(GRID + 1) for step in STEPS]
SAMPLES.append(tick(GRID) + FAR)


def sampled(*spans: EffectivePeriod) -> set[datetime]:
    """Return the sampled moments that lie in some of the periods, by the definition of half-open."""
    return {at for at in SAMPLES for span in spans if span.start <= at and (span.end is None or at < span.end)}


# ── what a period holds ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M2")
def test_the_moment_of_ending_is_already_outside() -> None:
    first_quarter = period("2021-01-01 .. 2021-04-01")
    assert at("2021-01-01") - TICK not in first_quarter
    assert at("2021-01-01") in first_quarter
    assert at("2021-04-01") - TICK in first_quarter
    assert at("2021-04-01") not in first_quarter


@pytest.mark.rule("M2")
def test_an_open_period_has_no_end() -> None:
    open_ended = EffectivePeriod.starting(at("2021-01-01"))
    assert open_ended == EffectivePeriod.between(at("2021-01-01"), None) == period("2021-01-01 ..")
    assert open_ended.is_open
    assert not period("2021-01-01 .. 2021-04-01").is_open
    assert at("2021-01-01") + FAR in open_ended
    assert at("2021-01-01") - TICK not in open_ended


@pytest.mark.rule("M2")
@given(grid_periods())
def test_a_period_holds_what_lies_from_its_start_up_to_its_end(span: EffectivePeriod) -> None:
    assert {moment for moment in SAMPLES if moment in span} == sampled(span)


@pytest.mark.rule("M1", "M2")
def test_the_two_passes_of_a_repeated_hour_are_not_confused() -> None:
    first_pass = EffectivePeriod.between(at("2021-10-31 03:00"), at("2021-10-31 03:00", again=True))
    assert at("2021-10-31 03:30") in first_pass
    assert at("2021-10-31 03:30", again=True) not in first_pass
    assert datetime(2021, 10, 31, 3, 30, tzinfo=TALLINN) in first_pass
    assert datetime(2021, 10, 31, 3, 30, tzinfo=TALLINN, fold=1) not in first_pass


@pytest.mark.rule("M2")
@pytest.mark.parametrize(
    "text",
    [
        "2021-01-01 .. 2021-01-01",
        "2021-01-02 .. 2021-01-01",
        "2021-10-31 03:30 .. 2021-10-31 03:29:59.999999",
    ],
)
def test_an_empty_or_backwards_period_is_refused(text: str) -> None:
    with refused("period-empty", field="end"):
        period(text)


@pytest.mark.rule("M2")
@given(moments())
def test_a_microsecond_is_a_period_and_nothing_is_none(moment: datetime) -> None:
    assert moment in EffectivePeriod.between(moment, moment + TICK)
    for end in (moment, moment - TICK):
        with refused("period-empty", field="end"):
            EffectivePeriod.between(moment, end)
    with refused("period-empty", field="end"):
        attrs.evolve(EffectivePeriod.starting(moment), end=moment)


@pytest.mark.rule("M1", "M2")
def test_naive_ends_are_refused_and_named() -> None:
    naive, aware = datetime(2021, 3, 1), at("2021-03-01")  # noqa: DTZ001 - what is to be refused
    bare = date(2021, 4, 1)
    with refused("moment-naive", field="start"):
        EffectivePeriod.starting(naive)
    with refused("moment-naive", field="end"):
        EffectivePeriod.between(aware, naive)
    with refused("moment-naive", field="start"):
        EffectivePeriod.starting(bare)  # type: ignore[arg-type]  # a bare date
    with refused("moment-naive", field="end"):
        EffectivePeriod.between(aware, bare)  # type: ignore[arg-type]  # a bare date


# ── two periods ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M2", "C6", "D3")
def test_touching_periods_do_not_overlap() -> None:
    march, april = period("2021-03-01 .. 2021-04-01"), period("2021-04-01 .. 2021-05-01")
    assert not march.overlaps(april)
    assert not april.overlaps(march)
    assert not april.overlaps(period("2021-05-01 .."))
    assert not period("2021-05-01 ..").overlaps(april)
    assert period("2021-03-31 23:59:59.999999 ..").overlaps(march)


@pytest.mark.rule("M2")
@given(grid_periods(), grid_periods())
def test_periods_overlap_when_they_share_a_moment(one: EffectivePeriod, other: EffectivePeriod) -> None:
    assert one.overlaps(other) == bool(sampled(one) & sampled(other))
    assert one.overlaps(other) == other.overlaps(one)
    assert one.overlaps(one)


@pytest.mark.rule("M2")
@given(grid_periods(), grid_periods())
def test_a_period_covers_another_when_it_holds_all_of_it(one: EffectivePeriod, other: EffectivePeriod) -> None:
    assert one.covers(other) == (sampled(one) >= sampled(other))
    assert one.covers(one)


@pytest.mark.rule("M2", "D5")
@given(grid_periods(), grid_periods())
def test_what_two_periods_have_in_common_lies_in_both(one: EffectivePeriod, other: EffectivePeriod) -> None:
    common = one.common_with(other)
    assert sampled(*([] if common is None else [common])) == sampled(one) & sampled(other)
    assert common == other.common_with(one)


@pytest.mark.rule("M2", "D5")
@given(grid_periods(), grid_periods())
def test_cutting_a_period_out_leaves_the_rest_in_order(one: EffectivePeriod, other: EffectivePeriod) -> None:
    rest = one.without(other)
    assert sampled(*rest) == sampled(one) - sampled(other)
    assert len(rest) <= 2
    assert list(rest) == sorted(rest, key=lambda part: part.start)
    assert not any(part.overlaps(other) for part in rest)


@pytest.mark.rule("M2", "D5")
def test_cutting_a_period_out_by_example() -> None:
    year = period("2021-01-01 .. 2022-01-01")
    assert year.without(period("2021-03-01 .. 2021-04-01")) == (
        period("2021-01-01 .. 2021-03-01"),
        period("2021-04-01 .. 2022-01-01"),
    )
    assert year.without(period("2021-03-01 ..")) == (period("2021-01-01 .. 2021-03-01"),)
    assert year.without(period("2020-03-01 .. 2021-03-01")) == (period("2021-03-01 .. 2022-01-01"),)
    assert year.without(year) == ()
    assert year.without(period("2022-01-01 ..")) == (year,)
    assert period("2021-01-01 ..").without(period("2021-03-01 .. 2021-04-01")) == (
        period("2021-01-01 .. 2021-03-01"),
        period("2021-04-01 .."),
    )


# ── a value's manners ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M1", "M2")
@given(periods())
def test_a_period_is_shown_as_one_writes_it(span: EffectivePeriod) -> None:
    assert eval(repr(span)) == span
    assert EffectivePeriod.parse(str(span)) == span
    assert str(span).endswith("/..") == span.is_open


@pytest.mark.rule("M1", "M2")
@given(periods(), zones(), zones())
def test_offsets_make_no_difference(span: EffectivePeriod, here: tzinfo, there: tzinfo) -> None:
    end = span.end.astimezone(there) if span.end else None
    written_elsewhere = EffectivePeriod.between(span.start.astimezone(here), end)
    assert written_elsewhere == span
    assert hash(written_elsewhere) == hash(span)
    assert written_elsewhere.start.tzinfo is UTC
    assert written_elsewhere.end is None or written_elsewhere.end.tzinfo is UTC


@pytest.mark.rule("M2")
def test_a_period_is_read_from_an_interval() -> None:
    assert EffectivePeriod.parse("2021-01-01T00:00:00+02:00/..") == period("2021-01-01 ..")
    assert EffectivePeriod.parse("2020-12-31T22:00:00Z/2021-04-01T00:00+03:00") == period("2021-01-01 .. 2021-04-01")


@pytest.mark.rule("M2")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "2021-01-01T00:00:00Z",
        "2021-01-01T00:00:00Z/",
        "/2021-01-01T00:00:00Z",
        "../2021-01-01T00:00:00Z",
        "2021-01-01T00:00:00Z/...",
        "2021-01-01T00:00:00Z/../..",
        "2021-01-01T00:00:00Z/P1M",
        "today/..",
    ],
)
def test_what_is_no_interval_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"interval|isoformat"):
        EffectivePeriod.parse(text)


@pytest.mark.rule("M1", "M2")
def test_an_interval_of_days_or_backwards_is_refused() -> None:
    with refused("moment-naive", field="start"):
        EffectivePeriod.parse("2021-01-01/..")
    with refused("moment-naive", field="end"):
        EffectivePeriod.parse("2021-01-01T00:00Z/2021-04-01")
    with refused("period-empty", field="end"):
        EffectivePeriod.parse("2021-01-01T00:00Z/2021-01-01T00:00Z")


@pytest.mark.rule("M2")
def test_a_period_never_changes() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        period("2021-01-01 ..").end = at("2021-02-01")  # type: ignore[misc]  # it is frozen
    assert len({period("2021-01-01 .."), period("2021-01-01 .."), period("2021-01-01 .. 2021-02-01")}) == 2


@pytest.mark.rule("M2")
def test_an_empty_period_is_named_in_its_refusal() -> None:
    with refused("period-empty", naming="the period from 2021-02-28 22:00+00:00 until 2021-02-28 22:00+00:00 holds"):
        EffectivePeriod.between(at("2021-03-01"), at("2021-03-01"))


def test_an_interval_has_two_bounds() -> None:
    with pytest.raises(ValueError, match="is not an interval"):
        EffectivePeriod.parse("2021-01-01T00:00:00Z/2021-02-01T00:00:00Z/..")


@pytest.mark.rule("M2")
@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("2021-03-01 ..", "from 2021-03-01 on"),
        ("2021-03-01 .. 2021-04-01", "from 2021-03-01 to the end of 2021-03-31"),
        ("2021-03-01 09:00 .. 2021-04-01 10:30", "from 2021-03-01 09:00+02:00 until 2021-04-01 10:30+03:00"),
    ],
)
def test_a_period_is_told_in_days_where_days_were_given(given: str, text: str) -> None:
    with showing_moments_in(Calendar("Europe/Tallinn")):
        assert period(given).shown == text
