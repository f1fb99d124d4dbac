"""Movements: the sums that an account's balance is made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from referral_core.entities.balance import Balance
from referral_core.values.money import Money

NONE: Final = Decimal("0.00")
"""No money."""


class Movements(NamedTuple):
    """How much was ever granted, moved in, moved out and eaten by bills, in one currency."""

    granted: Decimal = NONE
    transferred_in: Decimal = NONE
    transferred_out: Decimal = NONE
    consumed: Decimal = NONE

    def plus(self, more: Movements) -> Movements:
        """Return these movements and more of them."""
        return Movements(
            self.granted + more.granted,
            self.transferred_in + more.transferred_in,
            self.transferred_out + more.transferred_out,
            self.consumed + more.consumed,
        )

    def balance(self, currency: str) -> Balance:
        """Return the movements as the core knows them."""
        return Balance(
            granted=Money(self.granted, currency),
            transferred_in=Money(self.transferred_in, currency),
            transferred_out=Money(self.transferred_out, currency),
            consumed=Money(self.consumed, currency),
        )
