"""Referrals and their fee notes as rows."""

from __future__ import annotations

from typing import Any

from referral_adapters.sql.prepared import Row
from referral_core.entities.referral import FeeNote
from referral_core.values.money import Money


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
