"""Codes that are given by their texts can be counted in the database, for all processes together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from referral_adapters.sql.types import COUNT, WORDS

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the table; PostgreSQL may lose it in a crash, as it holds nothing but the last minute."""
    op.create_table(
        "code_draws",
        sa.Column("asker", WORDS, nullable=False),
        sa.Column("due", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("asker", name="code_draws_pk"),
        sqlite_strict=True,
        prefixes=["UNLOGGED"] if op.get_bind().dialect.name == "postgresql" else [],
    )
