"""Answers tell nothing by their timing (A4)."""

from __future__ import annotations

import asyncio
from math import ceil, floor
from time import perf_counter
from typing import Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.http.timing import wait_for_interval

pytestmark = pytest.mark.rule("A4")

INTERVAL: Final = 0.01
LOOK: Final = 0.000_02
"""How long the others take when they have nothing to do."""


@attrs.define
class Time:
    """A time that passes only by looking at it and by sleeping; a sleep ends as late as those of event loops do."""

    now: float
    late: float
    slept: list[float] = attrs.Factory(list)

    def perf_counter(self) -> float:
        """Return the time."""
        self.now += 1e-7
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Sleep; event loops count in milliseconds."""
        self.slept.append(seconds)
        self.now += ceil(seconds * 1000) / 1000 + self.late if seconds else LOOK


def left(took: float, late: float) -> tuple[float, Time]:
    """Return how many seconds after its start an answer leaves that took so long to find."""
    time = Time(1000.0, late)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("referral_adapters.http.timing.perf_counter", time.perf_counter)
        patched.setattr(asyncio, "sleep", time.sleep)
        started = time.perf_counter()
        time.now += took
        asyncio.run(wait_for_interval(started, INTERVAL))
        return time.now - started, time


@given(took=st.floats(0, 0.0349), late=st.floats(-0.001, 0.001))
def test_an_answer_leaves_at_the_next_interval_to_the_turn_of_the_others(took: float, late: float) -> None:
    """What it took cannot be seen from when it leaves, except from how many intervals it were."""
    after, _ = left(took, late)
    intervals = floor(took / INTERVAL + 1e-4) + 1
    if (intervals * INTERVAL - took) > 1e-5:
        assert 0 <= after - intervals * INTERVAL < 2 * LOOK


def test_nearly_all_of_the_wait_is_slept() -> None:
    after, time = left(0.001, 0.0)
    assert time.slept[0] == pytest.approx(0.007, abs=1e-4)
    assert sum(time.slept[1:]) == 0
    assert len(time.slept) < 0.003 / LOOK
    assert after == pytest.approx(INTERVAL, abs=1e-4)


def test_an_answer_leaves_no_sooner_by_the_clock_on_the_wall() -> None:
    async def waited() -> float:
        started = perf_counter()
        await wait_for_interval(started, INTERVAL)
        return perf_counter() - started

    assert asyncio.run(waited()) >= INTERVAL
