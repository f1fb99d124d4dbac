"""Histories that answer what was known on a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from referral_adapters.sql.migrations.guards_0002 import postgresql_guards, sqlite_guards
from referral_adapters.sql.migrations.moving_0002 import date_movements
from referral_adapters.sql.migrations.remembering_0002 import (
    remember_cases,
    remember_codes,
    remember_groups,
    remember_referrals,
)
from referral_adapters.sql.types import CanonicalJson, Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what was not kept yet, carry over what is there, and then let nobody change it."""
    connection = op.get_bind()
    op.add_column("promo_code_history", sa.Column("personal", CanonicalJson(), nullable=True))
    op.add_column("cases", sa.Column("closed_at", Moment(), nullable=True))
    op.add_column("discount_movements", sa.Column("moved_at", Moment(), nullable=True))
    remember_codes(connection)
    remember_referrals(connection)
    remember_groups(connection)
    remember_cases(connection)
    date_movements(connection)
    with op.batch_alter_table("discount_movements", table_kwargs={"sqlite_strict": True}) as movements:
        movements.alter_column("moved_at", existing_type=Moment(), nullable=False)
    for guard in postgresql_guards() if connection.dialect.name == "postgresql" else sqlite_guards():
        op.execute(guard)
