"""Every row of the trace keeps what its act stored, so that the tables can be held against it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from referral_adapters.sql.types import WORDS, State

revision = "0019"
down_revision = "0018"

_KEPT = "subject, number, moment, act, role, before, after, personal_digest, previous, hash, stored"


def upgrade() -> None:
    """Add the columns, which stay empty in all rows that are there, and guard them as the others are."""
    op.add_column("trace_entries", sa.Column("stored", State(), nullable=True))
    op.add_column("trace_entries", sa.Column("owner_salt", WORDS, nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"""
            CREATE OR REPLACE FUNCTION trace_entries_stay() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF TG_OP = 'UPDATE' THEN
                IF {_only_erased("IS NOT DISTINCT FROM")} THEN RETURN NEW; END IF;
              END IF;
              RAISE EXCEPTION 'rows of trace_entries are only added' USING ERRCODE = 'restrict_violation';
            END $$""")
        return
    op.execute("DROP TRIGGER trace_entries_stay_update")
    op.execute(
        "CREATE TRIGGER trace_entries_stay_update BEFORE UPDATE ON trace_entries"
        f" WHEN NOT ({_only_erased('IS')})"
        " BEGIN SELECT RAISE(ABORT, 'rows of trace_entries are only added'); END"
    )


def _only_erased(equals: str) -> str:
    """Return the condition that a row is what it was, but for persons and salts that were emptied."""
    kept = [f"NEW.{name} {equals} OLD.{name}" for name in _KEPT.split(", ")]
    erasable = ("actor", "reason", "salt", "owner_salt")
    erased = [f"(NEW.{name} IS NULL OR NEW.{name} {equals} OLD.{name})" for name in erasable]
    return " AND ".join([*kept, *erased])
