"""How persistently legs are sent to billing (B2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class Paying:
    """How often a leg is tried, how long it is left alone in between, and how long billing may take to answer.

    With what is set here a leg is tried over nearly four days, as long as the longest weekend, before it is stuck.
    """

    attempts: int = 12
    """How often a leg is tried before it is stuck and staff have to see to it."""
    first_pause: timedelta = timedelta(minutes=5)
    """How long it is left alone after the first attempt that failed."""
    growth: int = 2
    """How many times longer each further pause is than the one before it."""
    longest_pause: timedelta = timedelta(days=1)
    """The pause beyond which none grows."""
    answer_within: timedelta = timedelta(minutes=1)
    """How long billing may take for one answer: a payer has a leg to itself for as many times this as it calls."""

    def pause_after(self, attempts: int) -> timedelta:
        """Return how long a leg is left alone after the attempt of this number, counted from 1, has failed."""
        pause = self.first_pause
        for _ in range(attempts - 1):
            if pause >= self.longest_pause or self.growth == 1:
                break
            pause *= self.growth
        return min(pause, self.longest_pause)

    def next_try(self, attempts: int, at: datetime) -> datetime | None:
        """Return when a leg is tried again after the attempt of this number failed at ``at``; ``None``: it is stuck."""
        return None if attempts >= self.attempts else at + self.pause_after(attempts)


HOUSEHOLD_PAYING: Final = Paying()
"""What the household programme sets."""
