"""Referrals and their fee notes as rows."""

from __future__ import annotations

from typing import Any

from referral_adapters.sql.offers import offer_of, offer_row
from referral_adapters.sql.prepared import Row
from referral_core.entities.referral import FeeNote, Referral, ReferralStatus
from referral_core.values.money import Money


def referral_row(referral: Referral, revision: int) -> dict[str, Any]:
    """Return the row of a referral."""
    return {
        "contract": referral.contract,
        "code": referral.code,
        "referrer": referral.referrer,
        "referrer_customer": referral.referrer_customer,
        "referee": referral.referee,
        "referee_customer": referral.referee_customer,
        "concluded_at": referral.concluded_at,
        "channel": referral.channel,
        **offer_row("referrer", referral.referrer_offer),
        **offer_row("referee", referral.referee_offer),
        "honoured_moment": referral.honoured_moment,
        "case_id": referral.case,
        "status": referral.status.value,
        "granted_at": referral.granted_at,
        "cancelled_at": referral.cancelled_at,
        "notes": len(referral.fee_notes),
        "revision": revision,
    }


def referral_of(row: Row, notes: tuple[FeeNote, ...]) -> Referral:
    """Return the referral of a row and its notes."""
    return Referral(
        contract=row.contract,
        code=row.code,
        referrer=row.referrer,
        referrer_customer=row.referrer_customer,
        referee=row.referee,
        referee_customer=row.referee_customer,
        concluded_at=row.concluded_at,
        channel=row.channel,
        referrer_offer=offer_of("referrer", row),
        referee_offer=offer_of("referee", row),
        honoured_moment=row.honoured_moment,
        case=row.case_id,
        status=ReferralStatus(row.status),
        granted_at=row.granted_at,
        cancelled_at=row.cancelled_at,
        fee_notes=notes,
    )


def note_row(contract: str, number: int, note: FeeNote) -> dict[str, Any]:
    """Return the row of a fee note."""
    return {
        "contract": contract,
        "number": number,
        "amount": note.amount.amount,
        "currency": note.amount.currency,
        "reason": note.reason,
        "noted_at": note.noted_at,
        "noted_by": note.noted_by,
    }


def note_of(row: Row) -> FeeNote:
    """Return the fee note of a row."""
    return FeeNote(Money(row.amount, row.currency), row.reason, row.noted_at, row.noted_by)
