"""What a service over HTTP keeps: answers to requests, and what it publishes to whom.

Rows that were traced before are not published: whoever wants to follow from the beginning reads the trace.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from referral_adapters.sql.migrations.guards_0005 import postgresql_guards, sqlite_guards
from referral_adapters.sql.types import COUNT, WORDS, Moment

revision = "0005"
down_revision = "0004"

_WAITING = sa.text("position IS NULL")


def upgrade() -> None:
    """Make the tables, and from now on put every row of the trace into the outbox."""
    op.create_table(
        "answers",
        sa.Column("asker", WORDS, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("digest", WORDS, nullable=False),
        sa.Column("text", WORDS, nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("asker", "key", name="answers_pk"),
        sqlite_strict=True,
    )
    op.create_index("answers_at", "answers", ["at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("subject", WORDS, nullable=False),
        sa.Column("number", COUNT, autoincrement=False, nullable=False),
        sa.Column("sequence", COUNT, sa.Identity(always=True), nullable=False),
        sa.Column("position", COUNT, nullable=True),
        sa.PrimaryKeyConstraint("subject", "number", name="outbox_pk"),
        sqlite_strict=True,
    )
    op.create_index(
        "outbox_waiting", "outbox", ["sequence"], unique=False, sqlite_where=_WAITING, postgresql_where=_WAITING
    )
    op.create_table(
        "published",
        sa.Column("position", COUNT, autoincrement=False, nullable=False),
        sa.Column("subject", WORDS, nullable=False),
        sa.Column("number", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("position", name="published_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "subscriptions",
        sa.Column("name", WORDS, nullable=False),
        sa.Column("position", COUNT, nullable=False),
        sa.Column("failures", COUNT, nullable=False),
        sa.Column("next_at", Moment(), nullable=True),
        sa.Column("leased_until", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="subscriptions_pk"),
        sqlite_strict=True,
    )
    for guard in postgresql_guards() if op.get_bind().dialect.name == "postgresql" else sqlite_guards():
        op.execute(guard)
