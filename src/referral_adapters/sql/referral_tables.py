"""The tables of referrals, their legs, and the cases that lead to them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, text

from referral_adapters.sql.metadata import offer_columns, table, words
from referral_adapters.sql.types import COUNT, WORDS, Amount, CanonicalJson, Moment

REFERRALS: Final = table(
    "referrals",
    words("contract", primary_key=True),
    words("code"),
    words("referrer"),
    words("referrer_customer"),
    words("referee"),
    words("referee_customer"),
    Column("concluded_at", Moment, nullable=False),
    words("channel"),
    *offer_columns("referrer"),
    *offer_columns("referee"),
    Column("honoured_moment", Moment),
    words("case_id", nullable=True),
    words("status"),
    Column("granted_at", Moment),
    Column("cancelled_at", Moment),
    Column("notes", COUNT, nullable=False),
    Column("revision", COUNT, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Index("referrals_order", "concluded_at", "contract"),
    distribution="contract",
)
"""Referrals as last stored, and when that was recorded, which never goes back; a contract carries at most one (S4)."""

GIVEN_REFERRALS: Final = table(
    "given_referrals",
    words("referrer", primary_key=True),
    Column("concluded_at", Moment, primary_key=True),
    words("contract", primary_key=True),
    distribution="referrer",
)
"""The contracts for which every account was named as the referrer, in the order of their referrals."""

LIVE_REFERRALS: Final = table(
    "live_referrals",
    words("customer", primary_key=True),
    words("contract"),
    distribution="customer",
)
"""The one referral of each referee customer that is open or was paid (S4)."""

FEE_NOTES: Final = table(
    "fee_notes",
    Column("contract", WORDS, ForeignKey("referrals.contract"), primary_key=True),
    Column("number", COUNT, primary_key=True, autoincrement=False),
    Column("amount", Amount, nullable=False),
    words("currency"),
    words("reason", nullable=True),
    Column("noted_at", Moment, nullable=False),
    words("noted_by"),
    distribution="contract",
)
"""Fee notes of referrals, in the order they were entered (B8)."""

REFERRAL_HISTORY: Final = table(
    "referral_history",
    words("contract", primary_key=True),
    Column("revision", COUNT, primary_key=True, autoincrement=False),
    Column("recorded_at", Moment, nullable=False),
    Column("state", CanonicalJson, nullable=False),
    distribution="contract",
)
"""Every state that a referral was in before, with the moment it was recorded; rows are only added."""

GRANTS: Final = table(
    "grants",
    words("account", primary_key=True),
    words("side", primary_key=True),
    words("referral", primary_key=True),
    words("key"),
    Column("amount", Amount, nullable=False),
    words("currency"),
    Column("effective_from", Moment, nullable=False),
    words("status"),
    Column("attempts", COUNT, nullable=False),
    Column("wait_until", Moment),
    words("problem", nullable=True),
    Column("failed_at", Moment),
    Index("grants_key", "key", unique=True, info={"one_server": True}),
    Index(
        "grants_unsettled",
        "key",
        sqlite_where=text("status <> 'granted'"),
        postgresql_where=text("status <> 'granted'"),
    ),
    Index(
        "grants_waiting",
        "wait_until",
        "key",
        sqlite_where=text("wait_until IS NOT NULL"),
        postgresql_where=text("wait_until IS NOT NULL"),
    ),
    distribution="account",
)
"""Grants on their way to billing, beside the accounts that they are for; one a referral and side (B2).

One server refuses a second grant under a key. A cluster cannot, as that may lie elsewhere: it refuses a second one for
the same account, and the accounts of a referral never change.
"""

IS_OPEN: Final = text("status = 'open'")
"""Whether a case is open, in the words of the index of those: a value may be planned for without it."""
CASES: Final = table(
    "cases",
    words("id", primary_key=True),
    words("customer"),
    Column("opened_at", Moment, nullable=False),
    words("product"),
    words("segment"),
    words("code", nullable=True),
    *offer_columns("referrer", nullable=True),
    *offer_columns("referee", nullable=True),
    Column("warnings", CanonicalJson, nullable=False),
    words("status"),
    words("contract", nullable=True),
    Column("closed_at", Moment),
    Index("cases_open", "id", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    distribution="id",
)
"""Cases and what they carry (K1)."""
