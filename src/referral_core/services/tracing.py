"""Writing down what was done (A2)."""

from __future__ import annotations

from datetime import datetime

from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral
from referral_core.entities.trace_entry import State
from referral_core.values.moment import written


def _when(at: datetime | None) -> str | None:
    return None if at is None else written(at)


def code_state(code: PromoCode) -> State:
    """Return what the trace keeps of a code."""
    return {
        "code": code.text,
        "starts_at": _when(code.starts_at),
        "ends_at": _when(code.ends_at),
        "ending": code.ending,
    }


def referral_state(referral: Referral) -> State:
    """Return what the trace keeps of a referral; persons are left out."""
    return {
        "contract": referral.contract,
        "code": referral.code,
        "status": referral.status,
        "judged_at": written(referral.judged_at),
        "referrer_group": referral.referrer_offer.group,
        "referrer_amount": str(referral.referrer_offer.amount),
        "referee_group": referral.referee_offer.group,
        "referee_amount": str(referral.referee_offer.amount),
    }


def group_state(group: DiscountGroup, at: datetime) -> State:
    """Return what the trace keeps of a group as it stands at a moment."""
    amounts = {str(span.period): str(span.value) for span in group.amounts}
    return {"name": group.name, "side": group.side, "status": group.status_at(at), **amounts}
