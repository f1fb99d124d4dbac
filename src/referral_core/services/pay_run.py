"""What came of a run of paying, and what is left to be paid (B2)."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from referral_core.entities.grant import Grant, GrantStatus


@attrs.frozen
class PayRun:
    """What one run of paying did, of the legs that it tried: granted, failed and tried again later, or given up.

    What is left over of all legs is a :class:`Backlog`.
    """

    granted: int = 0
    delayed: int = 0
    given_up: int = 0

    @property
    def tried(self) -> int:
        """How many legs the run tried."""
        return self.granted + self.delayed + self.given_up

    @classmethod
    def of(cls, legs: Iterable[Grant]) -> PayRun:
        """Return what was done by a run that left legs like this."""
        granted = delayed = given_up = 0
        for leg in legs:
            granted += leg.status is GrantStatus.GRANTED
            given_up += leg.is_stuck
            delayed += leg.wait_until is not None
        return cls(granted, delayed, given_up)

    def __add__(self, other: PayRun) -> PayRun:
        return PayRun(self.granted + other.granted, self.delayed + other.delayed, self.given_up + other.given_up)


@attrs.frozen
class Backlog:
    """How many legs billing has not confirmed: those that are yet to be tried, and those that are stuck."""

    waiting: int
    stuck: int
