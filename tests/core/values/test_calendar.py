"""The calendar: days of the programme's zone become moments, whatever the clocks do."""

from __future__ import annotations

import sys
import zoneinfo
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.moment import EARLIEST, LATEST, Calendar, zone_named
from tests.phrases import TICK, at, day, refused
from tests.strategies import days, moments

if TYPE_CHECKING:
    from collections.abc import Iterator

TALLINN = Calendar("Europe/Tallinn")
CALENDARS = [
    Calendar(name)
    for name in (
        "Europe/Tallinn",
        "UTC",
        "America/Sao_Paulo",
        "America/Havana",
        "Asia/Beirut",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Kiritimati",
        "Africa/Monrovia",
    )
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# ── midnight ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M1")
@pytest.mark.parametrize(
    ("local_day", "midnight"),
    [
        ("2021-01-01", "2020-12-31T22:00"),
        ("2021-03-01", "2021-02-28T22:00"),
        ("2021-03-27", "2021-03-26T22:00"),
        ("2021-03-28", "2021-03-27T22:00"),  # the clocks go forward at 03:00
        ("2021-03-29", "2021-03-28T21:00"),
        ("2021-07-01", "2021-06-30T21:00"),
        ("2021-10-31", "2021-10-30T21:00"),  # the clocks go back at 04:00
        ("2021-11-01", "2021-10-31T22:00"),
        ("2020-02-29", "2020-02-28T22:00"),
        ("2020-03-01", "2020-02-29T22:00"),
        ("2000-02-29", "2000-02-28T22:00"),
        ("2040-07-01", "2040-06-30T21:00"),  # beyond what 32 bits count
    ],
)
def test_a_day_begins_at_local_midnight(local_day: str, midnight: str) -> None:
    start = TALLINN.start_of(day(local_day))
    assert start == utc(midnight)
    assert start.tzinfo is UTC


@pytest.mark.rule("M1", "M2")
@pytest.mark.parametrize(
    ("local_day", "hours"),
    [("2021-03-27", 24), ("2021-03-28", 23), ("2021-03-29", 24), ("2021-10-30", 24), ("2021-10-31", 25)],
)
def test_a_day_is_as_long_as_the_clocks_make_it(local_day: str, hours: int) -> None:
    length = TALLINN.end_of(day(local_day)) - TALLINN.start_of(day(local_day))
    assert length == timedelta(hours=hours)


@pytest.mark.rule("M1")
@pytest.mark.parametrize(
    ("zone", "local_day", "first_moment"),
    [
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00"),  # 00:00 became 01:00
        ("Asia/Beirut", "2021-03-28", "2021-03-27T22:00"),
        ("America/Havana", "2021-11-07", "2021-11-07T04:00"),  # 00:00 came twice: the day begins with the first
        ("Australia/Lord_Howe", "2021-10-03", "2021-10-02T13:30"),
        ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00"),
    ],
)
def test_a_day_begins_even_where_its_midnight_is_skipped_or_repeated(
    zone: str, local_day: str, first_moment: str
) -> None:
    assert Calendar(zone).start_of(day(local_day)) == utc(first_moment)


@pytest.mark.rule("M1", "M2")
def test_a_day_that_a_zone_left_out_holds_no_moment() -> None:
    apia = Calendar("Pacific/Apia")
    left_out = day("2011-12-30")
    assert apia.start_of(left_out) == apia.end_of(left_out)
    with refused("period-empty"):
        EffectivePeriod.between(apia.start_of(left_out), apia.end_of(left_out))


@pytest.mark.rule("M1")
@given(st.sampled_from(CALENDARS), days())
def test_the_first_moment_of_a_day_is_on_it_and_the_moment_before_is_on_the_day_before(
    calendar: Calendar, local_day: date
) -> None:
    start = calendar.start_of(local_day)
    assert calendar.day_of(start) == local_day
    assert calendar.day_of(start - TICK) == local_day - timedelta(days=1)


@pytest.mark.rule("M1", "M2")
@given(st.sampled_from(CALENDARS), moments())
def test_every_moment_lies_within_its_day(calendar: Calendar, instant: datetime) -> None:
    local_day = calendar.day_of(instant)
    whole = EffectivePeriod.between(calendar.start_of(local_day), calendar.end_of(local_day))
    assert instant in whole


@pytest.mark.rule("M2")
@given(st.sampled_from(CALENDARS), days())
def test_a_last_day_is_inclusive(calendar: Calendar, last_day: date) -> None:
    end = calendar.end_of(last_day)
    assert end == calendar.start_of(last_day + timedelta(days=1))
    assert calendar.day_of(end - TICK) == last_day


@pytest.mark.rule("M2")
def test_the_last_day_of_march_ends_at_the_midnight_of_april() -> None:
    assert TALLINN.end_of(day("2021-03-31")) == at("2021-04-01")


# ── later by the clocks ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M1", "S2")
@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2021-01-15 12:00", relativedelta(months=6), "2021-07-15 12:00"),
        ("2021-01-31", relativedelta(months=1), "2021-02-28"),
        ("2020-02-29 12:00", relativedelta(years=1), "2021-02-28 12:00"),
        ("2021-03-27 12:00", relativedelta(days=1), "2021-03-28 12:00"),  # 23 hours
        ("2021-10-30 12:00", relativedelta(days=1), "2021-10-31 12:00"),  # 25 hours
        ("2021-02-28 03:30", relativedelta(months=1), "2021-03-28 04:30"),  # the clocks skip 03:30
        ("2021-09-30 03:30", relativedelta(days=31), "2021-10-31 03:30"),  # the first pass of the hour
        ("2021-01-15 12:00:00.000001", relativedelta(days=1), "2021-01-16 12:00:00.000001"),
    ],
)
def test_later_is_reckoned_by_the_clocks_of_the_zone(start: str, length: relativedelta, end: str) -> None:
    found = TALLINN.later(at(start), length)
    assert found == at(end)
    assert found.tzinfo is UTC


@pytest.mark.rule("S2")
@pytest.mark.parametrize("length", [relativedelta(microseconds=1), relativedelta(years=1), relativedelta(years=9_000)])
def test_later_than_any_moment_is_no_moment(length: relativedelta) -> None:
    assert Calendar("UTC").later(LATEST, length) is None


@pytest.mark.rule("M1", "S2")
@given(moments(latest=at("2090-01-01")), st.integers(0, 400), st.integers(0, 48))
def test_later_never_is_earlier(start: datetime, days_on: int, months_on: int) -> None:
    length = relativedelta(months=months_on, days=days_on + 1)
    found = TALLINN.later(start, length)
    assert found is not None
    assert found > start
    assert TALLINN.day_of(found) == TALLINN.day_of(start) + length


@pytest.mark.rule("M1")
def test_no_time_later_is_the_same_moment() -> None:
    second_pass = at("2021-10-31 03:30", again=True)
    assert TALLINN.later(second_pass, relativedelta()) == second_pass


@pytest.mark.rule("M1")
def test_nothing_is_later_than_a_naive_moment() -> None:
    with refused("moment-naive"):
        TALLINN.later(datetime(2021, 3, 1), relativedelta(days=1))  # noqa: DTZ001 - what is to be refused


# ── what people read ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M1")
@given(moments())
def test_a_local_moment_is_the_same_moment_with_the_offset_of_its_zone(instant: datetime) -> None:
    local = TALLINN.local(instant)
    assert local.astimezone(UTC) == instant
    assert local.utcoffset() in (timedelta(hours=2), timedelta(hours=3))
    assert local.date() == TALLINN.day_of(instant)


@pytest.mark.rule("M1")
@pytest.mark.parametrize("method", ["day_of", "local"])
def test_a_naive_moment_has_no_day(method: str) -> None:
    with refused("moment-naive"):
        getattr(TALLINN, method)(datetime(2021, 3, 1))  # noqa: DTZ001 - what is to be refused


# ── bounds ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M1")
@pytest.mark.parametrize("out", [date.min, date(1, 12, 31), date(9999, 1, 1), date.max], ids=str)
def test_days_at_the_edge_of_what_python_holds_are_refused(out: date) -> None:
    with refused("moment-invalid", field="starts_on"):
        TALLINN.start_of(out, "starts_on")
    with refused("moment-invalid", field="day"):
        TALLINN.start_of(out)


@pytest.mark.rule("M1")
@pytest.mark.parametrize("out", [date(9998, 12, 31), date.max], ids=str)
def test_last_days_at_the_edge_of_what_python_holds_are_refused(out: date) -> None:
    with refused("moment-invalid", field="until"):
        TALLINN.end_of(out, "until")
    with refused("moment-invalid", field="last_day"):
        TALLINN.end_of(out)


@pytest.mark.rule("M1")
def test_years_far_off_have_days() -> None:
    assert TALLINN.day_of(TALLINN.start_of(date(2, 12, 31))) == date(2, 12, 31)
    assert TALLINN.day_of(TALLINN.start_of(date(9997, 12, 31))) == date(9997, 12, 31)


@pytest.mark.rule("M1")
def test_the_last_year_has_days() -> None:
    assert TALLINN.day_of(TALLINN.start_of(date(9998, 1, 1))) == date(9998, 1, 1)


@pytest.mark.rule("M1")
def test_a_day_that_begins_before_the_earliest_moment_is_refused() -> None:
    with refused("moment-invalid", field="from"):
        TALLINN.start_of(EARLIEST.date(), "from")
    assert Calendar("UTC").start_of(EARLIEST.date()) == EARLIEST
    assert Calendar("America/New_York").start_of(LATEST.date()) < LATEST


# ── zones ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M1", "P1")
@pytest.mark.parametrize("name", ["Europe/Tartu", "", "Europe", "europe/", "\0", "Europe/Tallinn\n", "Õ"])
def test_a_zone_that_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(LookupError, match="no time zone is called"):
        zone_named(name)
    with pytest.raises(LookupError, match="no time zone is called"):
        Calendar(name)


@pytest.mark.rule("M1", "P1")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("UTC+3", id="POSIX text, whose sign dateutil turns round"),
        pytest.param("EET-2EEST", id="POSIX text with summer time"),
        pytest.param("America/New York", id="blank for an underscore"),
        pytest.param(":", id="the machine's own zone"),
        pytest.param(str(Path(__file__).resolve()), id="path of a file that is no zone"),
        pytest.param("../../../etc/passwd", id="path out of the database"),
        pytest.param("a" * 300, id="longer than a file name may be"),
    ],
)
def test_only_names_of_the_database_are_zones(name: str) -> None:
    with pytest.raises(LookupError, match="no time zone is called"):
        zone_named(name)


@pytest.fixture
def no_zone_data(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take away the machine's zones and the package that carries them, and what Python remembers of both."""
    monkeypatch.setitem(sys.modules, "tzdata", None)
    zoneinfo.reset_tzpath(to=[])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.rule("M1", "P1")
@pytest.mark.usefixtures("no_zone_data")
def test_a_machine_without_zones_says_so_or_uses_a_copy_that_agrees() -> None:
    try:
        zone = zone_named("Europe/Tallinn")
    except LookupError as error:
        assert "Europe/Tallinn" in str(error)  # noqa: PT017 - either is right, by what dateutil carries
    else:
        assert datetime(2021, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=3)


@pytest.fixture
def damaged_zone_data(tmp_path: Path) -> Iterator[None]:
    """Put a file that is no zone where Python looks for Tallinn's."""
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Tallinn").write_bytes(b"nothing that describes a zone")
    zoneinfo.reset_tzpath(to=[tmp_path])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.rule("M1", "P1")
@pytest.mark.usefixtures("damaged_zone_data")
def test_a_machine_whose_zone_is_damaged_uses_a_copy_that_agrees() -> None:
    fallen_back = Calendar("Europe/Tallinn")
    for local_day in ("2021-03-28", "2021-03-29", "2021-07-01", "2021-10-31", "2021-11-01"):
        assert fallen_back.start_of(day(local_day)) == TALLINN.start_of(day(local_day))


@pytest.mark.rule("P1")
def test_a_calendar_is_its_zone() -> None:
    assert Calendar("Europe/Tallinn") == TALLINN
    assert Calendar("Europe/Riga") != TALLINN
    assert hash(TALLINN) == hash(Calendar("Europe/Tallinn"))
    assert eval(repr(TALLINN)) == TALLINN
    assert isinstance(TALLINN.zone, tzinfo)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        TALLINN.zone_name = "Europe/Riga"  # type: ignore[misc]  # it is frozen
