"""An index by which the newest rows of a chain are found, however long it is."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the index."""
    op.create_index("trace_entries_moment", "trace_entries", ["subject", "moment", "number"])
