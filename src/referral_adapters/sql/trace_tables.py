"""The tables of the trace, of sharings, and of the events that took effect."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index

from referral_adapters.sql.metadata import table, words
from referral_adapters.sql.types import COUNT, Moment, State

TRACE_ENTRIES: Final = table(
    "trace_entries",
    words("subject", primary_key=True),
    Column("number", COUNT, primary_key=True, autoincrement=False),
    Column("moment", Moment, nullable=False),
    words("act"),
    words("role"),
    Column("before", State),
    Column("after", State),
    words("actor", nullable=True),
    words("reason", nullable=True),
    words("salt", nullable=True),
    words("personal_digest"),
    words("previous"),
    words("hash"),
    Index("trace_entries_moment", "subject", "moment", "number"),
    distribution="subject",
)
"""Rows that are only ever added; actor, reason and salt can be erased, nothing else can change (A2, A5)."""

SEALS: Final = table(
    "seals",
    Column("number", COUNT, primary_key=True, autoincrement=False),
    Column("moment", Moment, nullable=False),
    Column("heads", COUNT, nullable=False),
    words("previous"),
    words("hash"),
    distribution="number",
)
"""Seals over the heads of all chains, each with the count of those that it lists; they never change (A2)."""

SEALED_HEADS: Final = table(
    "sealed_heads",
    words("subject", primary_key=True),
    Column("number", COUNT, primary_key=True, autoincrement=False),
    Column("seal", COUNT, primary_key=True, autoincrement=False),
    words("hash"),
    Index("sealed_heads_seal", "seal", "subject"),
    distribution="subject",
)
"""The heads that seals list, beside the rows that they vouch for; they never change (A2)."""

SHARINGS: Final = table(
    "sharings",
    words("account", primary_key=True),
    words("id", primary_key=True),
    words("code"),
    words("means"),
    Column("at", Moment, nullable=False),
    distribution="account",
)
"""How often codes were passed on, and by what means (T2)."""

EVENTS: Final = table(
    "events",
    words("source", primary_key=True),
    words("id", primary_key=True),
    words("digest"),
    distribution="id",
)
"""The events that took effect, each once."""
