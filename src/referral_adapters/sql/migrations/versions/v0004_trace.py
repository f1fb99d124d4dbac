"""Seals whose heads are rows of their own, so that a seal can be set over millions of chains.

A seal of an earlier version had its heads in its own row, as JSON. The hash of a seal is over the same text as ever, so
the heads of those are moved, and the seals verify as they did.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from referral_adapters.sql.migrations.guards_0004 import postgresql_guards, sqlite_guards
from referral_adapters.sql.types import COUNT, WORDS, CanonicalJson, Moment

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Move the heads of seals to a table of their own, and leave their count with the seal."""
    connection = op.get_bind()
    listed = op.create_table(
        "sealed_heads",
        sa.Column("subject", WORDS, nullable=False),
        sa.Column("number", COUNT, autoincrement=False, nullable=False),
        sa.Column("seal", COUNT, autoincrement=False, nullable=False),
        sa.Column("hash", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("subject", "number", "seal", name="sealed_heads_pk"),
        sqlite_strict=True,
    )
    op.create_index("sealed_heads_seal", "sealed_heads", ["seal", "subject"], unique=False)
    seals = []
    for seal, heads in _seals(connection):
        seals.append({**seal, "heads": len(heads)})
        rows = [{"subject": head[0], "number": head[1], "hash": head[2], "seal": seal["number"]} for head in heads]
        if rows:
            connection.execute(listed.insert(), rows)
    op.drop_table("seals")  # and its triggers, which let nothing be changed
    kept = op.create_table(
        "seals",
        sa.Column("number", COUNT, autoincrement=False, nullable=False),
        sa.Column("moment", Moment(), nullable=False),
        sa.Column("heads", COUNT, nullable=False),
        sa.Column("previous", WORDS, nullable=False),
        sa.Column("hash", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("number", name="seals_pk"),
        sqlite_strict=True,
    )
    if seals:
        connection.execute(kept.insert(), seals)
    for guard in postgresql_guards() if connection.dialect.name == "postgresql" else sqlite_guards():
        op.execute(guard)


def _seals(connection: sa.Connection) -> Iterator[tuple[dict[str, Any], list[list[Any]]]]:
    """Yield every seal there is and its heads, the heads of one at a time."""
    seals = sa.table(
        "seals",
        sa.column("number", COUNT),
        sa.column("moment", Moment()),
        sa.column("heads", CanonicalJson()),
        sa.column("previous", WORDS),
        sa.column("hash", WORDS),
    )
    for number in connection.execute(sa.select(seals.c.number).order_by(seals.c.number)).scalars().all():
        row = connection.execute(sa.select(seals).where(seals.c.number == number)).one()
        yield {"number": row.number, "moment": row.moment, "previous": row.previous, "hash": row.hash}, row.heads
