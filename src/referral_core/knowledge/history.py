"""History as far as it was known."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral
from referral_core.ports.history import History
from referral_core.values.recorded import Recorded, S


@attrs.frozen
class KnownHistory:
    """The port ``History`` with what was recorded by a moment."""

    history: History
    by: datetime

    def codes(self, account: str) -> tuple[tuple[Recorded[PromoCode], ...], ...]:
        """Return every state, recorded by then, of every code of an account that was known by then."""
        return tuple(known for states in self.history.codes(account) if (known := self._known(states)))

    def group(self, group: str) -> tuple[Recorded[DiscountGroup], ...]:
        """Return every state of a group that was recorded by then."""
        return self._known(self.history.group(group))

    def referral(self, contract: str) -> tuple[Recorded[Referral], ...]:
        """Return every state of a contract's referral that was recorded by then."""
        return self._known(self.history.referral(contract))

    def _known(self, records: tuple[Recorded[S], ...]) -> tuple[Recorded[S], ...]:
        return tuple(record for record in records if record.recorded_at <= self.by)
