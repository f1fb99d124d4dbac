"""What is on its way to billing, over the wire."""

from __future__ import annotations

import attrs

from referral_adapters.http.client.wire import Wire
from referral_adapters.http.models.discounts import PayRunAnswer, StuckAnswer
from referral_adapters.http.models.referrals import LegAnswer
from referral_core.entities.discount_group import Side


@attrs.frozen
class Payouts:
    """Has what is due sent to billing (B1, B2)."""

    _wire: Wire

    def pay_due(self) -> PayRunAnswer:
        """Have what is due sent to billing, each leg once; may be asked for as often as one likes (B2)."""
        return self._wire.ask(PayRunAnswer, "payouts", body={})

    def stuck(self) -> list[LegAnswer]:
        """Return the legs that billing would not take, and that wait for staff; the first few hundred."""
        return self._wire.read(StuckAnswer, "grants", "stuck").items

    def retry(self, contract: str, side: Side, *, reason: str, key: str | None = None) -> LegAnswer:
        """Have a leg that is stuck, or waits, tried again from now on.

        :raises Refusal: ``referral-unknown``, ``reason-missing``.
        """
        path = ("grants", side.value, contract, "retry")
        return self._wire.act(LegAnswer, *path, key=key, body={"reason": reason})
