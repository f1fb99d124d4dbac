"""The tables of the ledger of continuous bill discounts."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column

from referral_adapters.sql.metadata import table, words
from referral_adapters.sql.types import COUNT, Amount, Moment

POSTED_GRANTS: Final = table("posted_grants", words("key", primary_key=True), distribution="key")
"""The keys of all legs that were posted, each once (B2)."""

BILLS: Final = table("bills", words("bill", primary_key=True), words("account"), distribution="bill")
"""All bills that were taken into account, each once (B6)."""

TRANSFERS: Final = table(
    "transfers",
    words("key", primary_key=True),
    Column("moved", Amount, nullable=False),
    distribution="key",
)
"""All transfers by key, each once, with what was moved (B7)."""

MOVEMENTS: Final = table(
    "discount_movements",
    words("account", primary_key=True),
    words("kind", primary_key=True),
    words("reference", primary_key=True),
    Column("amount", Amount, nullable=False),
    Column("moved_at", Moment, nullable=False),
    distribution="account",
)
"""What was granted, transferred and consumed on each account, and when; a balance is their sum, never a counter."""

LOTS: Final = table(
    "discount_lots",
    words("account", primary_key=True),
    Column("number", COUNT, primary_key=True, autoincrement=False),
    Column("effective_from", Moment, nullable=False),
    Column("unused", Amount, nullable=False),
    distribution="account",
)
"""What is unused of grants and parts of them, by the order in which they arrived on the account (B6, B7)."""
