"""Referrals can be held, and void on either side: when that was, in columns of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from referral_adapters.sql.types import Moment

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the columns, which are empty for all referrals that are there."""
    for name in ("held_at", "referrer_void_at", "referee_void_at"):
        op.add_column("referrals", sa.Column(name, Moment(), nullable=True))
