"""Ratios of a subject to its floor, taken in one run: the two in turn, after a warm-up, and a ratio a round."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median, quantiles
from time import perf_counter
from typing import Final

import attrs

ROUNDS: Final = 9


@attrs.frozen
class Ratio:
    """What was measured: median seconds of subject and floor, and the ratio's median and quartiles."""

    subject: float
    floor: float
    ratio: float
    lower: float
    upper: float


def measured(subject: Callable[[], float], floor: Callable[[], float], rounds: int = ROUNDS) -> Ratio:
    """Return the ratio of two measurements, each a call that gives seconds; they take turns within a round."""
    subject()
    floor()
    pairs = [(subject(), floor()) for _ in range(rounds)]
    ratios = [one / other for one, other in pairs]
    lower, middle, upper = quantiles(ratios, n=4)
    return Ratio(median(one for one, _ in pairs), median(other for _, other in pairs), middle, lower, upper)


def seconds(act: Callable[[], object]) -> Callable[[], float]:
    """Return a measurement of ``act``, run once."""

    def timed() -> float:
        start = perf_counter()
        act()
        return perf_counter() - start

    return timed


def report(what: str, floor: str, ratio: Ratio, target: str, each: int = 1) -> None:
    """Print one line: the subject and its floor in microseconds a piece, the ratio with quartiles, the target."""
    scale = 1e6 / each
    print(
        f"{what}: {ratio.subject * scale:,.2f} µs; {floor}: {ratio.floor * scale:,.2f} µs; "
        f"ratio {ratio.ratio:.2f} ({ratio.lower:.2f} to {ratio.upper:.2f}); target {target}"
    )
