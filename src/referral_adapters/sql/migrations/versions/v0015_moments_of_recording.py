"""Facts about contracts can be recorded later than they happened, and codes keep the end that staff set."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from referral_adapters.sql.types import Moment

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the columns; the facts that are there count as recorded at their own moments."""
    for name in ("concluded_recorded_at", "activated_recorded_at", "ended_recorded_at"):
        op.add_column("contracts", sa.Column(name, Moment(), nullable=True))
    op.add_column("promo_codes", sa.Column("ended_by_hand_at", Moment(), nullable=True))
    op.execute("UPDATE promo_codes SET ended_by_hand_at = ends_at WHERE ending = 'by-hand'")
