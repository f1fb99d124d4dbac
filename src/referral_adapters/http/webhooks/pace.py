"""How often a receiver is tried that does not confirm."""

from __future__ import annotations

import attrs

from referral_adapters.http.pauses import Pauses


@attrs.frozen(kw_only=True)
class Pace:
    """Pauses that grow, from seconds to hours; after so many failures in a row a receiver counts as stuck.

    A receiver that is stuck is told of in the log, and tried after the longest pause for as long as it takes. Whoever
    sends holds a receiver for ``margin`` seconds more than its time-out, so that nobody else sends to it meanwhile.
    """

    pauses: Pauses = attrs.field(factory=lambda: Pauses(5.0, 6 * 3600.0))
    stuck_after: int = 12
    margin: float = 30.0

    def __attrs_post_init__(self) -> None:
        if self.stuck_after < 1 or self.margin <= 0:
            raise ValueError("nobody is stuck before the first failure, and a margin is above zero")

    def pause(self, failures: int, chance: float, asked: float) -> float:
        """Return how long to wait after so many failures: longer if the receiver asked for it, never above the longest.

        >>> Pace().pause(1, 1.0, asked=60.0), Pace().pause(40, 1.0, asked=0.0)
        (60.0, 21600.0)
        """
        return max(self.pauses.after(failures, chance), min(asked, self.pauses.longest))
