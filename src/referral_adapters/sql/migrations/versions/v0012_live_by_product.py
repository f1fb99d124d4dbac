"""A customer may be referred once for every product that the programme lets them be (S12)."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Let a customer have several live referrals, one a contract."""
    with op.batch_alter_table("live_referrals", table_kwargs={"sqlite_strict": True}) as altered:
        altered.drop_constraint("live_referrals_pk", type_="primary")
        altered.create_primary_key("live_referrals_pk", ["customer", "contract"])
