"""Promo codes as they were known."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_core.entities.promo_code import PromoCode
from referral_core.knowledge.unwritable import unwritable
from referral_core.ports.history import History
from referral_core.ports.promo_codes import PromoCodes


@attrs.frozen
class KnownPromoCodes:
    """The port ``PromoCodes`` as it stood; ``history`` is what was known of it."""

    promo_codes: PromoCodes
    history: History
    by: datetime

    def find(self, text: str) -> PromoCode | None:
        """Return the code with this canonical text as it was known."""
        present = self.promo_codes.find(text)
        if present is None:
            return None
        return next((code for code in self.of_account(present.account) if code.text == text), None)

    def of_account(self, account: str) -> tuple[PromoCode, ...]:
        """Return the account's codes that were known, in the order they were added."""
        return tuple(states[-1].state for states in self.history.codes(account))

    def add(self, code: PromoCode, *, at: datetime) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"code {code.text}")

    def replace(self, code: PromoCode, *, at: datetime) -> None:
        """Raise :class:`TypeError`."""
        self.add(code, at=at)
