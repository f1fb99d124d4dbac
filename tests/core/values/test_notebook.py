"""Pictures of timelines for notebooks."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.moment import Calendar
from referral_core.values.money import Money
from referral_core.values.notebook import MOST_ROWS, timeline_picture
from referral_core.values.timeline import Span, Timeline

TALLINN: Final = Calendar("Europe/Tallinn")
SVG: Final = "{http://www.w3.org/2000/svg}"


def day(text: str) -> datetime:
    return TALLINN.start_of(date.fromisoformat(text))


def over(*spans: tuple[str, str | None, object]) -> Timeline[object]:
    """Return a timeline of values, each from a day up to, and without, another."""
    return Timeline(Span(EffectivePeriod(day(start), day(end) if end else None), value) for start, end, value in spans)


WORKED: Final = over(("2021-01-01", "2021-03-01", Money(10)), ("2021-03-01", None, Money(15)))


def drawn(timeline: Timeline[object], calendar: Calendar = TALLINN) -> ET.Element:
    return ET.fromstring(timeline_picture(timeline, calendar))


def words(picture: ET.Element) -> list[str]:
    return [text.text or "" for text in picture.iter(f"{SVG}text")]


def bars(row: ET.Element) -> list[tuple[float, float]]:
    return [(float(bar.get("x", "")), float(bar.get("width", ""))) for bar in row.iter(f"{SVG}rect")]


def testshown_period_and_values_stand_beside_the_bars() -> None:
    assert set(words(drawn(WORKED))) >= {
        "2021-01-01 – 2021-03-01", "10.00 EUR", "2021-03-01 →", "15.00 EUR", "Europe/Tallinn",
    }  # fmt: skip


def test_a_picture_can_be_read_aloud() -> None:
    picture = drawn(WORKED)
    assert picture.get("role") == "img"
    assert [child.tag for child in picture][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert picture[0].text == "Timeline of 2 periods"
    assert picture[1].text == "2021-01-01 – 2021-03-01: 10.00 EUR; 2021-03-01 →: 15.00 EUR"


def test_a_moment_inside_a_day_is_written_with_its_time() -> None:
    assert "2020-12-31 22:00 – 2021-02-28 22:00" in words(drawn(WORKED, Calendar("UTC")))
    assert timeline_picture(WORKED) == timeline_picture(WORKED, Calendar("UTC"))


def test_bars_lie_in_order_and_touch_where_periods_do() -> None:
    timeline = over(("2021-01-01", "2021-03-01", 1), ("2021-03-01", "2021-04-01", 2), ("2021-06-01", "2021-07-01", 3))
    (first,), (second,), (third,) = [bars(row) for row in drawn(timeline).iter(f"{SVG}g")]
    assert sum(first) == pytest.approx(second[0], abs=0.2)
    assert third[0] - sum(second) == pytest.approx(first[1] * 61 / 59, abs=0.5)
    assert second[1] == pytest.approx(first[1] * 31 / 59, abs=0.5)


def test_an_open_end_fades_into_an_arrow() -> None:
    closed, open_ended = drawn(WORKED).iter(f"{SVG}g")
    assert len(bars(closed)) == 1
    assert closed.find(f"{SVG}path") is None
    shades = [float(bar.get("fill-opacity", "")) for bar in open_ended.iter(f"{SVG}rect")]
    assert len(shades) > 2
    assert shades == sorted(shades, reverse=True)
    assert open_ended.find(f"{SVG}path") is not None


def test_colours_are_those_of_the_page_on_light_and_dark() -> None:
    picture = drawn(WORKED)
    assert picture.get("fill") == "currentColor"
    assert all(text.get("fill") is None for text in picture.iter(f"{SVG}text"))


def test_what_could_be_markup_is_escaped() -> None:
    picture = timeline_picture(over(("2021-01-01", None, "<script>\"&'\x00\ud800")))
    assert "<script" not in picture
    assert "\x00" not in picture
    picture.encode()
    assert "<script>\"&'��" in words(ET.fromstring(picture))


def test_no_periods() -> None:
    assert "no periods" in words(drawn(Timeline()))


def test_a_long_timeline_shows_the_latest_and_says_so() -> None:
    first = day("2021-01-01")
    week = timedelta(days=7)
    spans = [Span(EffectivePeriod(first + n * week, first + (n + 1) * week), n) for n in range(MOST_ROWS + 15)]
    picture = drawn(Timeline(spans))
    assert len(list(picture.iter(f"{SVG}g"))) == MOST_ROWS
    assert "15 earlier not shown · Europe/Tallinn" in words(picture)
    assert str(MOST_ROWS + 14) in words(picture)


def test_a_notebook_shows_the_picture() -> None:
    assert WORKED._repr_html_() == timeline_picture(WORKED)


@given(
    steps=st.lists(st.tuples(st.integers(1, 4000), st.integers(0, 4000), st.text()), max_size=8),
    open_ended=st.booleans(),
)
def test_any_timeline_is_a_picture_within_its_frame(steps: list[tuple[int, int, str]], *, open_ended: bool) -> None:
    at, spans = day("2000-01-01"), []
    for length, gap, value in steps:
        spans.append(Span(EffectivePeriod(at, at + timedelta(hours=length)), value))
        at += timedelta(hours=length + gap)
    if open_ended:
        spans.append(Span(EffectivePeriod.starting(at), "open"))
    picture = drawn(Timeline(spans))
    width = float(picture.get("viewBox", "").split()[2])
    assert len(list(picture.iter(f"{SVG}g"))) == len(spans)
    assert all(left > 0 and breadth > 0 and left + breadth <= width for left, breadth in bars(picture))
