"""Moments: refused when they carry no zone, the same whatever the offset, kept in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given

from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.moment import (
    EARLIEST,
    LATEST,
    Calendar,
    moment,
    moment_text,
    optional_moment,
    show_moments_in,
    showing_moments_in,
    written,
)
from tests.phrases import TALLINN, TICK, at, refused
from tests.strategies import ZONES, moments, moments_anywhere, zones


class ZoneWithoutOffset(tzinfo):
    """A zone that does not say how far from UTC it is; Python then takes the moment for a naive one."""

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        return None

    def __repr__(self) -> str:
        return "ZoneWithoutOffset()"

    def dst(self, dt: datetime | None) -> timedelta | None:
        return None

    def tzname(self, dt: datetime | None) -> str | None:
        return None


@pytest.mark.rule("M1")
@pytest.mark.parametrize(
    "value",
    [
        datetime(2021, 3, 1, 12),  # noqa: DTZ001 - what is to be refused
        datetime(2021, 10, 31, 3, 30, fold=1),  # noqa: DTZ001
        datetime.min,  # noqa: DTZ901
        datetime.max,  # noqa: DTZ901
        datetime(2021, 3, 1, tzinfo=ZoneWithoutOffset()),
        date(2021, 3, 1),
        "2021-03-01T12:00:00+02:00",
        1_614_592_800,
        None,
    ],
    ids=repr,
)
def test_what_carries_no_zone_is_refused_and_its_field_named(value: datetime) -> None:
    with refused("moment-naive", field="concluded_at"):
        moment(value, "concluded_at")


@pytest.mark.rule("M1")
def test_the_field_is_called_at_unless_said_otherwise() -> None:
    with refused("moment-naive", field="at"):
        moment(date(2021, 3, 1))  # type: ignore[arg-type]  # a bare date
    with refused("moment-naive", field="at"):
        optional_moment(date(2021, 3, 1))  # type: ignore[arg-type]  # a bare date


@pytest.mark.rule("M1")
@given(moments(), zones())
def test_a_moment_in_any_offset_is_the_same_moment_in_utc(instant: datetime, zone: tzinfo) -> None:
    taken = moment(instant.astimezone(zone))
    assert taken == instant
    assert taken.tzinfo is UTC
    assert taken.replace(tzinfo=None) == instant.replace(tzinfo=None)


@pytest.mark.rule("M1")
@given(moments_anywhere())
def test_taking_a_moment_twice_changes_nothing(value: datetime) -> None:
    taken = moment(value)
    assert moment(taken) is taken
    assert optional_moment(value) == taken


@pytest.mark.rule("M1")
def test_no_moment_stays_none() -> None:
    assert optional_moment(None) is None


@pytest.mark.rule("M1")
def test_the_two_passes_of_the_hour_that_autumn_repeats_are_an_hour_apart() -> None:
    first = datetime(2021, 10, 31, 3, 30, tzinfo=TALLINN)
    second = datetime(2021, 10, 31, 3, 30, tzinfo=TALLINN, fold=1)
    assert moment(first) == datetime(2021, 10, 31, 0, 30, tzinfo=UTC)
    assert moment(second) == datetime(2021, 10, 31, 1, 30, tzinfo=UTC)


@pytest.mark.rule("M1", "M2")
def test_a_later_wall_clock_in_the_first_pass_is_the_earlier_moment() -> None:
    earlier = datetime(2021, 10, 31, 3, 50, tzinfo=TALLINN)
    later = datetime(2021, 10, 31, 3, 10, tzinfo=TALLINN, fold=1)
    assert moment(earlier) < moment(later)
    assert EffectivePeriod.between(earlier, later).end == at("2021-10-31 03:10", again=True)
    with refused("period-empty"):
        EffectivePeriod.between(later, earlier)


@pytest.mark.rule("M1")
def test_microseconds_are_kept() -> None:
    value = datetime(2021, 3, 1, 12, 0, 0, 1, tzinfo=TALLINN)
    assert moment(value) == datetime(2021, 3, 1, 10, 0, 0, 1, tzinfo=UTC)
    assert moment(value) - moment(value.replace(microsecond=0)) == TICK


@pytest.mark.rule("M1")
@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_bounds_hold_in_every_offset_and_beyond_them_nothing_overflows(zone: tzinfo) -> None:
    assert moment(EARLIEST.astimezone(zone)) == EARLIEST
    assert moment(LATEST.astimezone(zone)) == LATEST
    for value in (EARLIEST - TICK, LATEST + TICK):
        with refused("moment-invalid", field="until"):
            moment(value.astimezone(zone), "until")
    for value in (datetime.min, datetime.max):  # noqa: DTZ901 - the bounds of Python
        with refused("moment-invalid", field="until"):
            moment(value.replace(tzinfo=zone), "until")


@pytest.mark.rule("M1")
def test_the_last_day_of_the_last_year_is_inside() -> None:
    value = datetime(9998, 12, 31, 12, tzinfo=UTC)
    assert moment(value) == value


@pytest.mark.rule("M1")
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (at("2021-03-01"), "2021-02-28T22:00:00Z"),
        (at("2021-07-01"), "2021-06-30T21:00:00Z"),
        (datetime(2021, 3, 1, 0, 0, 0, 1, tzinfo=UTC), "2021-03-01T00:00:00.000001Z"),
        (datetime(2, 1, 1, tzinfo=UTC), "0002-01-01T00:00:00Z"),
    ],
)
def test_a_moment_is_written_in_utc(value: datetime, text: str) -> None:
    assert written(value) == text


@pytest.mark.rule("M1")
@given(moments())
def test_what_is_written_reads_as_the_same_moment(value: datetime) -> None:
    assert datetime.fromisoformat(written(value)) == value
    assert written(value).endswith("Z")


@pytest.mark.rule("M1")
@given(moments_anywhere())
def test_one_moment_has_one_text(value: datetime) -> None:
    assert written(value) == written(value.astimezone(UTC))


@pytest.mark.rule("M1")
def test_a_naive_moment_is_not_written() -> None:
    with refused("moment-naive"):
        written(datetime(2021, 3, 1))  # noqa: DTZ001 - what is to be refused


@pytest.mark.rule("M1")
def test_a_zone_of_its_own_offset_is_fine() -> None:
    odd = timezone(timedelta(hours=5, minutes=45))
    assert moment(datetime(2021, 3, 1, 5, 45, tzinfo=odd)) == datetime(2021, 3, 1, tzinfo=UTC)


# ── for people ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M1")
@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("2021-02-28T22:00:00Z", "2021-03-01"),
        ("2021-02-28T22:00:01Z", "2021-03-01 00:00:01+02:00"),
        ("2021-02-28T22:00:00.5Z", "2021-03-01 00:00:00.500000+02:00"),
        ("2021-02-28T23:05:00Z", "2021-03-01 01:05+02:00"),
        ("2021-10-31T00:30:00Z", "2021-10-31 03:30+03:00"),
        ("2021-10-31T01:30:00Z", "2021-10-31 03:30+02:00"),
    ],
)
def test_a_moment_is_told_one_way_and_only_one_moment_is_meant(given: str, text: str) -> None:
    assert Calendar("Europe/Tallinn").text(datetime.fromisoformat(given)) == text


def test_texts_are_in_the_zone_of_the_act_else_of_the_process_else_in_utc() -> None:
    midnight = datetime.fromisoformat("2021-02-28T22:00:00Z")
    assert moment_text(midnight) == "2021-02-28 22:00+00:00"
    show_moments_in(Calendar("Europe/Tallinn"))
    assert moment_text(midnight) == "2021-03-01"
    with showing_moments_in(Calendar("Asia/Tokyo")):
        assert moment_text(midnight) == "2021-03-01 07:00+09:00"
    assert moment_text(midnight) == "2021-03-01"
    show_moments_in(None)
    assert moment_text(midnight) == "2021-02-28 22:00+00:00"
