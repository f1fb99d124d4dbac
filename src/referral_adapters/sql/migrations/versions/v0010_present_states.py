"""What is present stands in one place: a code's and a referral's own row, with the moment it was recorded.

Histories keep what was so before, and no longer the present state as well.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from referral_adapters.sql.migrations.guards_0002 import sqlite_guards
from referral_adapters.sql.types import Moment

revision = "0010"
down_revision = "0009"

_HISTORIES: Final = {
    # the table, its history, and the columns that both have in common
    "promo_codes": ("promo_code_history", ("account", "text")),
    "referrals": ("referral_history", ("contract",)),
}


def upgrade() -> None:
    """Move the moment of every present state to its own row."""
    is_file = op.get_bind().dialect.name == "sqlite"
    for table, (history, key) in _HISTORIES.items():
        same = " AND ".join(f"{history}.{column} = {table}.{column}" for column in key)
        last = f"SELECT max(recorded_at) FROM {history} WHERE {same}"
        later = " AND ".join(f"later.{column} = {history}.{column}" for column in key)
        is_last = f"NOT EXISTS (SELECT 1 FROM {history} AS later WHERE {later} AND later.revision > {history}.revision)"
        # SQLite takes a column that is never empty only with a value for the rows that are there, and keeps that value.
        default = {"server_default": sa.text("0"), "nullable": False} if is_file else {"nullable": True}
        op.add_column(table, sa.Column("recorded_at", Moment(), **default))
        op.execute(f"UPDATE {table} SET recorded_at = ({last})")
        _unguarded(history, f"DELETE FROM {history} WHERE {is_last}")
        if not is_file:
            op.alter_column(table, "recorded_at", existing_type=Moment(), nullable=False)


def _unguarded(history: str, statement: str) -> None:
    """Carry out a statement that the guards of a history are there to refuse."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {history} DISABLE TRIGGER USER")
        op.execute(statement)
        op.execute(f"ALTER TABLE {history} ENABLE TRIGGER USER")
        return
    (guard,) = [each for each in sqlite_guards() if f"TRIGGER {history}_stay_delete " in each]
    op.execute(f"DROP TRIGGER {history}_stay_delete")
    op.execute(statement)
    op.execute(guard)
