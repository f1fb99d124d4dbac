"""Retries: of acts that lost a race, and of requests and deliveries that got no answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

import attrs

from referral_core.values.errors import ConcurrentChange

T = TypeVar("T")

ATTEMPTS: Final = 8
"""The attempts at an act that loses one race after another."""
_PAUSE: Final = 0.01
_MOST_DOUBLINGS: Final = 60


def retry(act: Callable[[], T]) -> T:
    """Do an act, again after each race that it lost, up to :data:`ATTEMPTS` times.

    :raises ConcurrentChange: the last attempt lost its race too.
    """
    for attempt in range(1, ATTEMPTS):
        try:
            return act()
        except ConcurrentChange:
            time.sleep(_PAUSE * attempt)
    return act()


@attrs.frozen
class Pauses:
    """Pauses in seconds, from ``first`` to ``longest``, each twice as long as the one before.

    Half of each pause is random, so that callers who failed together do not come back together.
    """

    first: float
    longest: float

    def __attrs_post_init__(self) -> None:
        if not 0 < self.first <= self.longest:
            raise ValueError("pauses grow from something above zero")

    def after(self, failures: int, chance: float) -> float:
        """Return the pause in seconds after so many failures in a row; ``chance`` is drawn from 0 to 1.

        >>> [Pauses(1.0, 60.0).after(failures, chance=1.0) for failures in (1, 2, 3, 10)]
        [1.0, 2.0, 4.0, 60.0]
        """
        # A receiver may fail for years: 2 to the power of its failures would be no float any more.
        whole = min(self.longest, self.first * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))
        return whole * (1 + chance) / 2


@attrs.frozen(kw_only=True)
class Persistence:
    """A client's patience: the attempts at a request, the pauses between them, and the seconds of all pauses together.

    A service that asks for a longer pause (``Retry-After``) gets it, within the same ``patience``.
    """

    tries: int = 6
    pauses: Pauses = attrs.field(factory=lambda: Pauses(0.2, 10.0))
    patience: float = 60.0

    def __attrs_post_init__(self) -> None:
        if self.tries < 1 or self.patience < 0:
            raise ValueError("something is tried at least once, and no time is negative")
