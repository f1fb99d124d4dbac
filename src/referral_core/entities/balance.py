"""What stands on an account's discount in billing (B6, B7)."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_core.values.money import Money


@attrs.frozen
class UnusedPart:
    """What is unused, on one account, of what bills may take from one moment on."""

    effective_from: datetime
    amount: Money


@attrs.frozen(kw_only=True)
class Balance:
    """The movements of an account's continuous bill discount.

    ``granted + transferred_in = consumed + transferred_out + unused``, to the cent, always.

    ``parts`` say of what age the unused discount is, oldest first; several may be of one age. They are no movements:
    balances are equal when their movements are.
    """

    granted: Money
    transferred_in: Money
    transferred_out: Money
    consumed: Money
    parts: tuple[UnusedPart, ...] = attrs.field(default=(), eq=False)

    @property
    def unused(self) -> Money:
        """What bills have not eaten yet; it does not expire (B3)."""
        return self.granted + self.transferred_in - self.consumed - self.transferred_out

    @property
    def of_unknown_age(self) -> Money:
        """What is unused beyond all parts: nothing, unless billing does not tell of what age it is."""
        known = Money.total((part.amount for part in self.parts), self.granted.currency)
        return self.unused - min(self.unused, known)
