"""What came of a run of paying, and what is left to be paid (B2)."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from referral_core.entities.grant import Grant, GrantStatus


@attrs.frozen
class PayRun:
    """What a run of paying did: how many legs were granted, failed and wait, or failed and are stuck."""

    granted: int = 0
    waiting: int = 0
    stuck: int = 0

    @property
    def tried(self) -> int:
        """How many legs the run tried."""
        return self.granted + self.waiting + self.stuck

    @classmethod
    def of(cls, legs: Iterable[Grant]) -> PayRun:
        """Return what was done by a run that left legs like this."""
        granted = waiting = stuck = 0
        for leg in legs:
            granted += leg.status is GrantStatus.GRANTED
            stuck += leg.is_stuck
            waiting += leg.wait_until is not None
        return cls(granted, waiting, stuck)

    def __add__(self, other: PayRun) -> PayRun:
        return PayRun(self.granted + other.granted, self.waiting + other.waiting, self.stuck + other.stuck)


@attrs.frozen
class Backlog:
    """How many legs billing has not confirmed: those that are yet to be tried, and those that are stuck."""

    waiting: int
    stuck: int
