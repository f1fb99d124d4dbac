"""Sharings in a database."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

import attrs
from sqlalchemy import bindparam, func, insert, select

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.trace_tables import SHARINGS
from referral_adapters.sql.work import Work
from referral_core.entities.sharing import Sharing

_NEW: Final = insert(SHARINGS)
_COUNT: Final = select(func.count().label("total")).select_from(SHARINGS).where(SHARINGS.c.account == bindparam("of"))
_COUNT_BY: Final = _COUNT.where(SHARINGS.c.at <= bindparam("by"))


@attrs.frozen
class SqlSharings:
    """The port ``Sharings`` in a database (T2)."""

    work: Work

    @joined
    def add(self, sharing: Sharing) -> None:
        """Store one sharing."""
        row = {"account": sharing.account, "code": sharing.code, "means": sharing.means, "at": sharing.at}
        self.work.change(_NEW, {**row, "id": uuid.uuid4().hex})

    def count_of(self, account: str, *, by: datetime | None = None) -> int:
        """Return how often codes of this account were shared, at or before ``by`` where that is given."""
        of = {"of": account}
        row = self.work.row(_COUNT, of) if by is None else self.work.row(_COUNT_BY, {**of, "by": by})
        return 0 if row is None else int(row.total)
