"""Grants can be taken back and bills cancelled: lots and bills know their grants, and movements their recording."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from referral_adapters.sql.migrations.attributing_0018 import attribute
from referral_adapters.sql.types import COUNT, WORDS, Amount, Moment

revision = "0018"
down_revision = "0017"

_STRICT = {"sqlite_strict": True}
_UNSETTLED = sa.text("status <> 'taken-back'")
_WAITING = sa.text("wait_until IS NOT NULL")


def upgrade() -> None:
    """Add the columns and tables, and fill them from the movements; what moved was recorded as it moved."""
    for table, name in (
        ("contracts", "annulled_at"),
        ("contracts", "annulled_recorded_at"),
        ("grants", "recorded_at"),
        ("grants", "posted_at"),
        ("bills", "cancelled_at"),
        ("discount_movements", "recorded_at"),
        ("discount_lots", "recorded_at"),
    ):
        op.add_column(table, sa.Column(name, Moment(), nullable=True))
    op.add_column("posted_grants", sa.Column("account", WORDS, nullable=True))
    op.add_column("discount_lots", sa.Column("grant_key", WORDS, nullable=True))
    _make_tables()
    op.execute("UPDATE discount_movements SET recorded_at = moved_at")
    op.execute(
        "UPDATE posted_grants SET account = (SELECT account FROM discount_movements"
        " WHERE kind = 'granted' AND reference = posted_grants.key)"
    )
    attribute(op.get_bind())
    with op.batch_alter_table("discount_movements", table_kwargs=_STRICT) as movements:
        movements.alter_column("recorded_at", existing_type=Moment(), nullable=False)
    with op.batch_alter_table("discount_lots", table_kwargs=_STRICT) as lots:
        lots.drop_constraint("discount_lots_pk", type_="primary")
        lots.alter_column("grant_key", existing_type=WORDS, nullable=False)
        lots.alter_column("recorded_at", existing_type=Moment(), nullable=False)
        lots.create_primary_key("discount_lots_pk", ["account", "grant_key"])
        lots.drop_column("number")


def _make_tables() -> None:
    op.create_table(
        "moved_grants",
        sa.Column("grant_key", WORDS, nullable=False),
        sa.Column("account", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("grant_key", "account", name="moved_grants_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "posted_reversals",
        sa.Column("grant_key", WORDS, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("account", WORDS, nullable=False),
        sa.Column("amount", Amount(), nullable=False),
        sa.PrimaryKeyConstraint("grant_key", "key", name="posted_reversals_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "bill_uses",
        sa.Column("account", WORDS, nullable=False),
        sa.Column("bill", WORDS, nullable=False),
        sa.Column("grant_key", WORDS, nullable=False),
        sa.Column("effective_from", Moment(), nullable=False),
        sa.Column("amount", Amount(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.Column("cancelled_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("account", "bill", "grant_key", name="bill_uses_pk"),
        sqlite_strict=True,
    )
    op.create_index("bill_uses_grant", "bill_uses", ["account", "grant_key"])
    op.create_table(
        "reversals",
        sa.Column("account", WORDS, nullable=False),
        sa.Column("side", WORDS, nullable=False),
        sa.Column("referral", WORDS, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("status", WORDS, nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.Column("attempts", COUNT, nullable=False),
        sa.Column("wait_until", Moment(), nullable=True),
        sa.Column("problem", WORDS, nullable=True),
        sa.Column("failed_at", Moment(), nullable=True),
        sa.Column("amount", Amount(), nullable=True),
        sa.Column("currency", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("account", "side", "referral", name="reversals_pk"),
        sqlite_strict=True,
    )
    op.create_index("reversals_key", "reversals", ["key"])
    op.create_index("reversals_referral", "reversals", ["referral", "side"])
    for name, columns, where in (
        ("reversals_unsettled", ["key"], _UNSETTLED),
        ("reversals_waiting", ["wait_until", "key"], _WAITING),
    ):
        op.create_index(name, "reversals", columns, sqlite_where=where, postgresql_where=where)
