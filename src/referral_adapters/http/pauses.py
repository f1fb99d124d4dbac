"""Pauses between tries: they grow, and have chance in them."""

from __future__ import annotations

import attrs

_MOST_DOUBLED = 60


@attrs.frozen
class Pauses:
    """Pauses in seconds, from ``first`` to ``longest``, each twice as long as the one before.

    Half of each is left to chance, so that those who failed together do not come back together.
    """

    first: float
    longest: float

    def __attrs_post_init__(self) -> None:
        if not 0 < self.first <= self.longest:
            raise ValueError("pauses grow from something above zero")

    def after(self, failures: int, chance: float) -> float:
        """Return how long to wait after so many failures in a row; ``chance`` is drawn from 0 to 1.

        >>> [Pauses(1.0, 60.0).after(failures, chance=1.0) for failures in (1, 2, 3, 10)]
        [1.0, 2.0, 4.0, 60.0]
        """
        whole = min(self.longest, self.first * 2.0 ** min(failures - 1, _MOST_DOUBLED))
        return whole * (1 + chance) / 2
