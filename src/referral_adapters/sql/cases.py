"""Cases in a database, in the place of the host's case system."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs
from sqlalchemy import bindparam, insert, select, update

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.prepared import Lockable
from referral_adapters.sql.rows import Rows
from referral_adapters.sql.statements import Pages, without
from referral_adapters.sql.tables import CASES, IS_OPEN
from referral_adapters.sql.unit_of_work import Lookup
from referral_adapters.sql.work import Work
from referral_core.entities.case import Case, CaseStatus
from referral_core.values.errors import Reason, Refusal

ROWS: Final = Rows(Case, CASES)
BY_ID: Final = Lookup(
    Lockable(select(CASES).where(CASES.c.id == bindparam("of"))), lambda rows: ROWS.entity(rows[0]) if rows else None
)
_PAGE: Final = 200
"""The number of cases read at a time."""
_ALL: Final = Pages(select(CASES), CASES.c.id, size=_PAGE)
_OPEN: Final = Pages(select(CASES).where(IS_OPEN), CASES.c.id, size=_PAGE)
_NEW: Final = insert(CASES)
_CLOSE: Final = update(CASES).where(CASES.c.id == bindparam("of"))


@attrs.frozen
class SqlCases:
    """Cases in a database. In a PostgreSQL transaction ``find`` locks the row of the case until the end (K3)."""

    work: Work

    def find(self, case: str) -> Case | None:
        """Return the case with this id, locked in a PostgreSQL transaction."""
        return self.work.ask(BY_ID, case)

    @joined
    def open(self, case: Case) -> None:
        """Insert a case under the lock of its customer's name (K1).

        :raises Refusal: ``case-exists`` when there is a case with this id.
        """
        # Erasing takes the same lock: otherwise a case could be opened for a customer after their cases were erased.
        self.work.look_ahead([("customer", case.customer)])
        if self.work.ask(BY_ID, case.id) is not None:
            raise Refusal(Reason.CASE_EXISTS, message=f"there is a case {case.id} already", field="case")
        self.work.write(_NEW, ROWS.row(case))
        self.work.keep(BY_ID, case.id, case)

    @joined
    def close(self, case: Case) -> None:
        """Update a case that was finished or abandoned, under the lock of its row (K2, K3).

        :raises Refusal: ``case-closed`` when it is no longer open, ``case-unknown`` when there is no case with this id.
        """
        known = self.work.ask(BY_ID, case.id)
        if known is None:
            raise Refusal(Reason.CASE_UNKNOWN, message=f"there is no case {case.id}", field="case")
        if known.status is not CaseStatus.OPEN:
            raise Refusal(Reason.CASE_CLOSED, message=f"case {case.id} is {known.status}", field="case")
        self.work.write(_CLOSE, {**without(ROWS.row(case), "id"), "of": case.id})
        self.work.keep(BY_ID, case.id, case)

    def all(self, *, after: str | None = None, open_only: bool = False) -> Iterator[Case]:
        """Yield cases in order of id, page by page along the primary key: all, those above ``after``, or open ones.

        Open cases have a partial index of their own.
        """
        above = None if after is None else (after,)
        if open_only:
            return _OPEN.read(self.work, ROWS.entity, after=above)
        return _ALL.read(self.work, ROWS.entity, after=above)
