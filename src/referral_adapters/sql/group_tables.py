"""The tables of discount groups and their amounts over time."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, UniqueConstraint

from referral_adapters.sql.metadata import REFERENCE, table, words
from referral_adapters.sql.types import COUNT, WORDS, Amount, CanonicalJson, Moment

GROUPS: Final = table(
    "discount_groups",
    words("id", primary_key=True),
    Column("place", COUNT, nullable=False),
    words("side"),
    words("name"),
    words("compared_name"),
    words("stamp"),
    Column("revision", COUNT, nullable=False),
    UniqueConstraint("compared_name", name="discount_groups_name_unique"),
    UniqueConstraint("place", name="discount_groups_place_unique"),
    distribution=REFERENCE,
)
"""Groups as last stored, in the order they were added; names are unique as they are compared (D2)."""

AMOUNT_PERIODS: Final = table(
    "amount_periods",
    Column("group_id", WORDS, ForeignKey("discount_groups.id"), primary_key=True),
    Column("starts_at", Moment, primary_key=True),
    Column("ends_at", Moment),
    Column("amount", Amount, nullable=False),
    words("currency"),
    distribution=REFERENCE,
)
"""A group's amounts; their periods are disjoint (D3)."""

GROUP_SWITCHES: Final = table(
    "group_switches",
    Column("group_id", WORDS, ForeignKey("discount_groups.id"), primary_key=True),
    Column("at", Moment, primary_key=True),
    words("status"),
    distribution=REFERENCE,
)
"""When a group was switched off and on (D8)."""

GROUP_HISTORY: Final = table(
    "discount_group_history",
    words("id", primary_key=True),
    Column("revision", COUNT, primary_key=True, autoincrement=False),
    Column("recorded_at", Moment, nullable=False),
    Column("state", CanonicalJson, nullable=False),
    distribution=REFERENCE,
)
"""Every state of every group, with the moment it was recorded, which never goes back; rows are only added."""
