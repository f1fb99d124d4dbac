"""No count of code numbers any more: the texts of codes are hashed from what they are for; codes stay what they are."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Drop the count, for the row of which all who drew codes had to wait."""
    op.drop_table("code_numbers")
