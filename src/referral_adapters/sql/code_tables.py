"""The tables of promo codes and of what they are made from."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column

from referral_adapters.sql.metadata import REFERENCE, table, words
from referral_adapters.sql.types import COUNT, CanonicalJson, Moment

CODE_TEXTS: Final = table(
    "code_texts",
    words("text", primary_key=True),
    words("account"),
    distribution="text",
)
"""Every text that was ever held, by anybody: a table of its own, so that a text is unique everywhere (C1)."""

PROMO_CODES: Final = table(
    "promo_codes",
    words("account", primary_key=True),
    words("text", primary_key=True),
    Column("place", COUNT, nullable=False),
    words("customer"),
    Column("issued_at", Moment, nullable=False),
    words("issued_by"),
    words("issuing"),
    Column("starts_at", Moment),
    Column("ends_at", Moment),
    words("ending", nullable=True),
    words("ending_reason", nullable=True),
    Column("revision", COUNT, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    distribution="account",
)
"""Codes as last stored, and when that was recorded; the periods in which one account holds them are disjoint (C6).

The moments of one account never go back.
"""

PROMO_CODE_HISTORY: Final = table(
    "promo_code_history",
    words("account", primary_key=True),
    words("text", primary_key=True),
    Column("revision", COUNT, primary_key=True, autoincrement=False),
    Column("recorded_at", Moment, nullable=False),
    Column("state", CanonicalJson, nullable=False),
    Column("personal", CanonicalJson),
    distribution="account",
)
"""Every state that a code was in before, with the moment it was recorded; rows are only added.

``personal``, the words in which staff said why, can be emptied (A5).
"""

SETTINGS: Final = table(
    "settings",
    words("name", primary_key=True),
    words("value"),
    distribution=REFERENCE,
)
"""What this database keeps about itself: its secret, and that its programme's groups were put."""
