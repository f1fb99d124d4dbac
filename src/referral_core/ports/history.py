"""The port to history: what was so before, and since when it was known."""

from __future__ import annotations

from typing import Protocol

from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral
from referral_core.values.recorded import Recorded


class History(Protocol):
    """Every state that was ever stored of a code, a group or a referral, with the moment it was recorded at (R3).

    The ports that store them write it, in the same step; nothing takes a state back or changes one. ``recorded_at``
    is the ``at`` of the act that stored it and never goes back: what arrives late is recorded at the moment of the
    last record on the same subject, which is a group, a referral, or all codes of an account together. ``revision``
    counts the states of one thing from 1. Moments are to the microsecond, and what has no history has none.
    """

    def codes(self, account: str) -> tuple[tuple[Recorded[PromoCode], ...], ...]:
        """Return every state of every code of an account: codes in the order they were added, states in theirs.

        The words of ``ending_reason`` may have been erased from a state since (A5).
        """
        ...

    def group(self, group: str) -> tuple[Recorded[DiscountGroup], ...]:
        """Return every state of a group, in order."""
        ...

    def referral(self, contract: str) -> tuple[Recorded[Referral], ...]:
        """Return every state of a contract's referral, in order, without its fee notes.

        Fee notes have moments of their own and are never changed, so they are not repeated here.
        """
        ...
