"""Cases in a database: a store of our own that stands in for the host's case system."""

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
_ALL: Final = Pages(select(CASES), CASES.c.id, size=_PAGE)
_OPEN: Final = Pages(select(CASES).where(IS_OPEN), CASES.c.id, size=_PAGE)
_NEW: Final = insert(CASES)
_CLOSE: Final = update(CASES).where(CASES.c.id == bindparam("of"))


@attrs.frozen
class SqlCases:
    """Cases in a database, guarding K3. In a PostgreSQL transaction ``find`` locks the case."""

    work: Work

    def find(self, case: str) -> Case | None:
        """Return the case of this id, as last stored."""
        return self.work.ask(BY_ID, case)

    @joined
    def open(self, case: Case) -> None:
        """Open a case (K1).

        :raises Refusal: ``case-exists`` when there is one of this id.
        """
        self.work.look_ahead([("customer", case.customer)])  # locked as by whoever erases them
        if self.work.ask(BY_ID, case.id) is not None:
            raise Refusal(Reason.CASE_EXISTS, message=f"there is a case {case.id} already", field="case")
        self.work.write(_NEW, ROWS.row(case))
        self.work.keep(BY_ID, case.id, case)

    @joined
    def close(self, case: Case) -> None:
        """Store a case that was finished or abandoned (K2, K3).

        :raises Refusal: ``case-closed`` when it is no longer open, ``case-unknown`` when there is none of this id.
        """
        known = self.work.ask(BY_ID, case.id)
        if known is None:
            raise Refusal(Reason.CASE_UNKNOWN, message=f"there is no case {case.id}", field="case")
        if known.status is not CaseStatus.OPEN:
            raise Refusal(Reason.CASE_CLOSED, message=f"case {case.id} is {known.status}", field="case")
        self.work.write(_CLOSE, {**without(ROWS.row(case), "id"), "of": case.id})
        self.work.keep(BY_ID, case.id, case)

    def all(self, *, after: str | None = None, open_only: bool = False) -> Iterator[Case]:
        """Yield every case in order of id, or those above ``after``, or that are open, without holding them all."""
        above = None if after is None else (after,)
        if open_only:
            return _OPEN.read(self.work, ROWS.entity, after=above)
        return _ALL.read(self.work, ROWS.entity, after=above)
