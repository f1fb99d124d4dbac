"""What stands on an account's discount in billing (B6, B7)."""

from __future__ import annotations

import attrs

from referral_core.values.money import Money


@attrs.frozen(kw_only=True)
class Balance:
    """The movements of an account's continuous bill discount.

    ``granted + transferred_in = consumed + transferred_out + unused``, to the cent, always.
    """

    granted: Money
    transferred_in: Money
    transferred_out: Money
    consumed: Money

    @property
    def unused(self) -> Money:
        """What bills have not eaten yet; it does not expire (B3)."""
        return self.granted + self.transferred_in - self.consumed - self.transferred_out
