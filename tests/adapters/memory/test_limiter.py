"""The limiter in memory follows the generic cell rate algorithm (A4).

Each key has a moment at which all that was let in is paid for, at
one ``step = seconds / count`` each. Something is let in when that moment, with its own step, lies at most ``seconds``
ahead. So, of what is let in within any ``span``: the first may find no debt, the last leaves at most ``seconds`` of it,
and each adds one step, whence ``n * step <= span + seconds``, that is ``n <= count + span / step``.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.memory import SlidingLimiter
from referral_core.ports.limiter import Rate

pytestmark = pytest.mark.rule("A4")
SLACK = 1e-6


class Ticking:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


rates = st.builds(Rate, st.integers(1, 20), st.floats(0.1, 600, allow_nan=False))
pauses = st.lists(st.floats(0, 1, allow_nan=False) | st.just(0.0), min_size=1, max_size=80)


@given(rates, pauses)
def test_no_span_sees_more_than_the_law_allows(rate: Rate, shares: list[float]) -> None:
    clock, let_in = Ticking(), []
    limiter = SlidingLimiter(clock=clock)
    for share in shares:
        clock.now += share * rate.seconds / 4
        if not limiter.take("k", rate):
            let_in.append(clock.now)
    step = rate.seconds / rate.count
    for first, begin in enumerate(let_in):
        for last, end in enumerate(let_in[first:], first):
            assert last - first + 1 <= rate.count + (end - begin) / step + SLACK


@given(rates, pauses)
def test_whoever_waits_as_long_as_was_said_is_let_in_and_no_sooner(rate: Rate, shares: list[float]) -> None:
    clock = Ticking()
    limiter = SlidingLimiter(clock=clock)
    for share in shares:
        clock.now += share * rate.seconds / rate.count
        wait = limiter.take("k", rate)
        assert 0 <= wait <= rate.seconds / rate.count + SLACK
        if wait > SLACK:
            clock.now += wait / 2
            assert limiter.take("k", rate) == pytest.approx(wait / 2, abs=SLACK)
            clock.now += wait / 2 + SLACK
            assert limiter.take("k", rate) == 0


@given(rates)
def test_all_of_a_rate_may_come_at_once_and_then_one_a_step(rate: Rate) -> None:
    clock = Ticking()
    limiter = SlidingLimiter(clock=clock)
    assert [limiter.take("k", rate) for _ in range(int(rate.count))] == [0.0] * int(rate.count)
    step = rate.seconds / rate.count
    assert limiter.take("k", rate) == pytest.approx(step)
    for _ in range(3):
        clock.now += step
        assert limiter.take("k", rate) == 0
        assert limiter.take("k", rate) > 0
    clock.now += rate.seconds
    assert [limiter.take("k", rate) for _ in range(int(rate.count))] == [0.0] * int(rate.count)


@given(rates, st.lists(st.sampled_from("abc"), max_size=60))
def test_keys_do_not_touch_each_other(rate: Rate, keys: list[str]) -> None:
    together, alone = SlidingLimiter(clock=Ticking()), {key: SlidingLimiter(clock=Ticking()) for key in "abc"}
    for key in keys:
        assert together.take(key, rate) == alone[key].take(key, rate)


def test_only_so_many_keys_are_kept_those_that_were_let_in_last() -> None:
    limiter, rate = SlidingLimiter(kept=2, clock=Ticking()), Rate(1, 60.0)
    for key in ("a", "b", "c"):
        assert limiter.take(key, rate) == 0
    assert limiter.take("c", rate) > 0
    assert limiter.take("b", rate) > 0
    assert limiter.take("a", rate) == 0, "the oldest was forgotten"


@pytest.mark.parametrize(("count", "seconds"), [(0, 60.0), (-1, 60.0), (1, 0.0), (1, -1.0)])
def test_a_rate_lets_something_in_in_some_time(count: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Rate(count, seconds)


def test_by_itself_it_goes_by_a_clock_that_never_goes_back() -> None:
    limiter, rate = SlidingLimiter(), Rate(1, 3600.0)
    assert limiter.take("k", rate) == 0
    assert 3590 < limiter.take("k", rate) <= 3600
