"""Kept answers of customers stand under role and id, as those of everybody else do."""

from __future__ import annotations

import re
from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_OTHERS: Final = re.compile(r"(\d+ \d+ )?(agent|supervisor|administrator|system) .*", re.DOTALL)
"""The askers that stood under role and id before: all but customers."""


def upgrade() -> None:
    """Put the role before the ids of customers.

    An asker that reads like a caller of another role stays what it reads like: that caller's answers were kept there.
    """
    connection = op.get_bind()
    given = connection.execute(sa.text("SELECT DISTINCT asker FROM answers WHERE asker LIKE '% %'"))
    askers = [row.asker for row in given]
    connection.execute(sa.text("UPDATE answers SET asker = 'customer ' || asker WHERE asker NOT LIKE '% %'"))
    renaming = sa.text("UPDATE answers SET asker = :after WHERE asker = :before")
    for asker in askers:
        if not _OTHERS.fullmatch(asker):
            # An id with a blank in it gets the lengths in front, so that it reads like no other role's.
            connection.execute(renaming, {"before": asker, "after": f"8 {len(asker)} customer {asker}"})
