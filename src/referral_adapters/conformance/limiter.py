"""The tests of every limiter."""

from __future__ import annotations

from threading import Thread
from typing import Protocol

import pytest

from referral_core.ports.limiter import Limiter, Rate

MINUTE = Rate(6, 60.0)
"""One every ten seconds."""
SLACK = 1e-4
_CROWD = 20


class SetClock:
    """A clock that stands still until it is set; it returns the seconds since 1970."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class MakeLimiter(Protocol):
    """Makes an empty limiter that goes by a clock."""

    def __call__(self, clock: SetClock) -> Limiter:
        """Return the limiter."""
        ...


class LimiterConformance:
    """Asks for a fixture ``make_limiter``: a function that returns a new and empty limiter over a given clock."""

    def test_all_of_a_rate_may_come_at_once(self, make_limiter: MakeLimiter) -> None:
        """``count`` are let in at once, and then none."""
        limiter = make_limiter(SetClock())
        for count in (1, 6, 7, 30, 999):
            assert [limiter.take(f"k{count}", Rate(count, 60.0)) for _ in range(count)] == [0.0] * count
            assert limiter.take(f"k{count}", Rate(count, 60.0)) == pytest.approx(60 / count, abs=0.01)

    def test_the_passing_time_gives_one_back_after_another(self, make_limiter: MakeLimiter) -> None:
        """Whoever waits for the returned seconds is let in, and no sooner."""
        clock = SetClock()
        limiter = make_limiter(clock)
        for _ in range(6):
            limiter.take("k", MINUTE)
        for _ in range(3):
            wait = limiter.take("k", MINUTE)
            clock.now += wait / 2
            assert limiter.take("k", MINUTE) == pytest.approx(wait / 2, abs=SLACK)
            clock.now += wait / 2 + SLACK
            assert limiter.take("k", MINUTE) == 0.0
            assert limiter.take("k", MINUTE) > 0

    def test_what_is_refused_is_not_counted(self, make_limiter: MakeLimiter) -> None:
        """Trying again and again does not make the wait longer."""
        clock = SetClock()
        limiter = make_limiter(clock)
        for _ in range(6):
            limiter.take("k", MINUTE)
        assert {round(limiter.take("k", MINUTE), 3) for _ in range(20)} == {10.0}
        clock.now += 60 + SLACK
        assert [limiter.take("k", MINUTE) for _ in range(6)] == [0.0] * 6

    def test_keys_do_not_touch_each_other(self, make_limiter: MakeLimiter) -> None:
        """Each key has its own count, to the letter."""
        limiter = make_limiter(SetClock())
        for key in ("k", "K", "k ", "ķ", ""):
            assert limiter.take(key, Rate(1, 60.0)) == 0.0
            assert limiter.take(key, Rate(1, 60.0)) > 0

    def test_many_that_come_together_count_as_many(self, make_limiter: MakeLimiter) -> None:
        """A rate of many is counted with single ones, under one key."""
        limiter = make_limiter(SetClock())
        assert limiter.take("k", MINUTE.of(3)) == 0.0
        assert [bool(limiter.take("k", MINUTE)) for _ in range(4)] == [False, False, False, True]
        assert limiter.take("k", MINUTE.of(3)) == pytest.approx(30, abs=SLACK)

    def test_threads_at_once_get_no_more_than_the_rate(self, make_limiter: MakeLimiter) -> None:
        """Of many threads at once so many are let in as the rate allows."""
        limiter = make_limiter(SetClock())
        waits = list[float]()
        threads = [Thread(target=lambda: waits.append(limiter.take("k", MINUTE))) for _ in range(_CROWD)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(waits) == _CROWD
        assert sum(1 for wait in waits if not wait) == MINUTE.count
