"""A transfer's key keeps what it stands for, and the currency of a database is called that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from referral_adapters.sql.types import WORDS, Amount

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Take the accounts of each transfer from its movements; one that moved nothing has none."""
    op.add_column("transfers", sa.Column("source", WORDS, nullable=True))
    op.add_column("transfers", sa.Column("target", WORDS, nullable=True))
    op.add_column("transfers", sa.Column("wanted", Amount(), nullable=True))
    for column, kind in (("source", "transferred_out"), ("target", "transferred_in")):
        op.execute(
            f"UPDATE transfers SET {column} = (SELECT account FROM discount_movements"
            f" WHERE kind = '{kind}' AND reference = transfers.key)"
        )
    op.execute("UPDATE settings SET name = 'currency' WHERE name = 'programme'")
