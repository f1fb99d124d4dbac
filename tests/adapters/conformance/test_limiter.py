"""Every test of the suite for limiters can fail: each has a limiter that is broken in its way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import attrs
import pytest

from referral_adapters import conformance
from referral_adapters.conformance.limiter import SetClock
from referral_adapters.memory import SlidingLimiter
from referral_core.ports.limiter import Rate
from tests.adapters.conformance.broken import Broken, finds_out, own_tests

Take = Callable[[SlidingLimiter, str, Rate], float]


@attrs.frozen
class Altered:
    """A limiter in memory that takes in a way of its own."""

    limiter: SlidingLimiter
    taking: Take

    def take(self, key: str, rate: Rate) -> float:
        """Count one code."""
        return self.taking(self.limiter, key, rate)


def limiter(taking: Take) -> Broken:
    def make(clock: SetClock) -> Altered:
        return Altered(SlidingLimiter(clock=clock), taking)

    return lambda: make


def counting_refused(inner: SlidingLimiter, key: str, rate: Rate) -> float:
    """Push the moment at which all is paid for ahead by each that is refused."""
    wait = inner.take(key, rate)
    if wait:
        inner._due[key] += rate.seconds / rate.count
    return wait


def looking_first(inner: SlidingLimiter, key: str, rate: Rate) -> float:
    """Look whether there is room, and only then count."""
    now = inner._clock()
    due = max(inner._due.get(key, now), now)
    time.sleep(0.001)
    wait = due + rate.seconds / rate.count - now - rate.seconds
    if wait > 0:
        return wait
    inner._due[key] = due + rate.seconds / rate.count
    return 0.0


BROKEN: Final[dict[str, Broken]] = {
    "test_all_of_a_rate_may_come_at_once": limiter(lambda of, key, rate: of.take(key, Rate(1, rate.seconds / 6))),
    "test_the_passing_time_gives_one_back_after_another": limiter(lambda of, key, rate: of.take(key, rate) * 0.9),
    "test_what_is_refused_is_not_counted": limiter(counting_refused),
    "test_keys_do_not_touch_each_other": limiter(lambda of, key, rate: of.take(key.strip().lower(), rate)),
    "test_many_that_come_together_count_as_many": limiter(lambda of, key, rate: of.take(f"{key}{rate}", rate)),
    "test_threads_at_once_get_no_more_than_the_rate": limiter(looking_first),
}


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(conformance.LimiterConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(conformance.LimiterConformance, test, BROKEN[test]())
