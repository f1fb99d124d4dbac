"""The limiter: it counts the codes that somebody gives by their texts, so that guessing them is slow (A4)."""

from __future__ import annotations

from typing import Protocol, Self

import attrs


@attrs.frozen
class Rate:
    """``count`` codes in ``seconds``; all of them may come at once.

    >>> Rate(60, 60.0).of(24)
    Rate(count=2.5, seconds=60.0)
    """

    count: float
    seconds: float

    def __attrs_post_init__(self) -> None:
        if self.count < 1 or self.seconds <= 0:
            raise ValueError("a rate is at least one in some time")

    def of(self, many: int) -> Self:
        """Return the rate at which so many codes may come together, at least once in the time."""
        return attrs.evolve(self, count=max(1.0, self.count / many))


class Limiter(Protocol):
    """Counts the codes given under a key, by the generic cell rate algorithm.

    Of a rate of ``count`` in ``seconds``, any ``span`` of seconds, wherever it begins, has at most
    ``count + span * count / seconds`` codes let in: all at once, and then as many as the passing time gives back. One
    that is refused is not counted, and whoever waits for the returned seconds is let in. Keys do not touch each other.
    What is counted stays counted, whatever becomes of a transaction that is open meanwhile. Keys are used by many
    threads at once.
    """

    def take(self, key: str, rate: Rate) -> float:
        """Count one code under a key; return 0 when the rate allows it, else the seconds to wait."""
        ...
