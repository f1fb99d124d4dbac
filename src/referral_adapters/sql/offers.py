"""Offers as columns: one side's locked amount, and where it came from."""

from __future__ import annotations

from typing import Any

from referral_adapters.sql.prepared import Row
from referral_core.entities.referral import Offer
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.money import Money


def offer_row(side: str, offer: Offer | None) -> dict[str, Any]:
    """Return the columns of one side's offer."""
    return {
        f"{side}_group": None if offer is None else offer.group,
        f"{side}_amount": None if offer is None else offer.amount.amount,
        f"{side}_currency": None if offer is None else offer.amount.currency,
        f"{side}_from": None if offer is None else offer.period.start,
        f"{side}_until": None if offer is None else offer.period.end,
    }


def offer_of(side: str, row: Row) -> Offer:
    """Return one side's offer."""
    amount = Money(getattr(row, f"{side}_amount"), getattr(row, f"{side}_currency"))
    period = EffectivePeriod(getattr(row, f"{side}_from"), getattr(row, f"{side}_until"))
    return Offer(getattr(row, f"{side}_group"), amount, period)
