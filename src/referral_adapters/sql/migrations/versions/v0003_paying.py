"""Grants that wait, and grants that a payer has taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from referral_adapters.sql.types import WORDS, Moment

revision = "0003"
down_revision = "0002"

_WAITING = sa.text("wait_until IS NOT NULL")


def upgrade() -> None:
    """Let every grant that is not granted be tried at once; one that was being sent is then looked up first."""
    op.add_column("grants", sa.Column("wait_until", Moment(), nullable=True))
    op.add_column("grants", sa.Column("problem", WORDS, nullable=True))
    op.add_column("grants", sa.Column("failed_at", Moment(), nullable=True))
    op.execute("UPDATE grants SET wait_until = effective_from WHERE status <> 'granted'")
    op.create_index(
        "grants_waiting",
        "grants",
        ["wait_until", "key"],
        unique=False,
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
