"""What was known when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.values.history import Recorded, known_at, learned_at, present_during
from tests.phrases import TICK, at

START = at("2021-03-01")
days = st.integers(0, 9).map(lambda number: START + timedelta(days=number))

pytestmark = pytest.mark.rule("R3")


def records(moments: Sequence[datetime]) -> tuple[Recorded[str], ...]:
    """Return records of states that arrive with these moments."""
    told: list[Recorded[str]] = []
    for number, moment in enumerate(moments, 1):
        told.append(Recorded(f"state {number}", learned_at(moment, told[-1].recorded_at if told else None), number))
    return tuple(told)


def test_the_first_is_recorded_when_it_happens() -> None:
    assert learned_at(START, None) == START


def test_what_arrives_in_order_is_recorded_when_it_happens() -> None:
    assert learned_at(START, START - TICK) == learned_at(START, START) == START


def test_what_arrives_late_is_recorded_with_the_last() -> None:
    assert learned_at(START - TICK, START) == START


def test_nothing_was_known_before_the_first() -> None:
    assert known_at((), START) is None
    assert known_at(records([START]), START - TICK) is None
    assert present_during((), START) == present_during(records([START]), START - TICK) == ()


def test_of_several_at_one_moment_the_last_was_known() -> None:
    first, second, third = told = records([START - TICK, START, START])
    assert known_at(told, START) == third
    assert present_during(told, START) == (third, second, first)
    assert present_during(told, START + TICK) == (third,)
    assert present_during(told, START - TICK) == (first,)


@given(st.lists(days, max_size=8), days)
def test_what_was_known_is_what_the_first_records_say(moments: list[datetime], moment: datetime) -> None:
    """Whatever comes later, and however late, changes nothing of what was known before it."""
    told = records(moments)
    by_then = [record for record in told if record.recorded_at <= moment]
    assert known_at(told, moment) == (by_then[-1] if by_then else None)
    assert list(told[: len(by_then)]) == by_then
    later = records([*moments, START - TICK])
    if moments and moment < max(moments):
        assert known_at(later, moment) == known_at(told, moment)


@given(st.lists(days, max_size=8), days)
def test_the_first_of_those_present_during_a_moment_is_the_one_known_at_it(
    moments: list[datetime], moment: datetime
) -> None:
    told = records(moments)
    present = present_during(told, moment)
    assert (present[0] if present else None) == known_at(told, moment)
    assert all(each.recorded_at == moment for each in present[:-1])
