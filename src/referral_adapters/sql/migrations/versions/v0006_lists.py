"""Indexes for the lists that staff look through: what is open, and what came by a channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_CONCLUDED = sa.text("status = 'concluded'")
_OPEN = sa.text("status = 'open'")


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("cases_open", "cases", ["id"], unique=False, sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index("contracts_channel", "contracts", ["channel", "id"], unique=False)
    op.create_index(
        "contracts_open", "contracts", ["id"], unique=False, sqlite_where=_CONCLUDED, postgresql_where=_CONCLUDED
    )
