"""Cases in a database: a store of our own that stands in for the host's case system."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs
from sqlalchemy import bindparam, select, update

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.offers import offer_of, offer_row
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.referral_tables import CASES, IS_OPEN
from referral_adapters.sql.statements import Insertion, Pages, locking, without
from referral_adapters.sql.work import Work
from referral_core.entities.case import CarriedOffer, Case, CaseStatus
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason

_BY_ID: Final = locking(select(CASES).where(CASES.c.id == bindparam("of")))
_PAGE: Final = 200
_ALL: Final = Pages(select(CASES), CASES.c.id, size=_PAGE)
_OPEN: Final = Pages(select(CASES).where(IS_OPEN), CASES.c.id, size=_PAGE)
_NEW: Final = Insertion(CASES)
_CLOSE: Final = update(CASES).where(CASES.c.id == bindparam("of"), CASES.c.status == bindparam("still"))


@attrs.frozen
class SqlCases:
    """Cases in a database, guarding K3. In a PostgreSQL transaction ``find`` locks the case."""

    work: Work

    def find(self, case: str) -> Case | None:
        """Return the case of this id, as last stored."""
        row = self.work.row(_BY_ID(self.work), {"of": case})
        return None if row is None else case_of(row)

    @joined
    def open(self, case: Case) -> None:
        """Open a case (K1).

        :raises Refusal: ``case-exists`` when there is one of this id.
        """
        self.work.lock(f"customer {case.customer}")  # as whoever erases them does
        if not _NEW.into(self.work, case_row(case)):
            raise Refusal(Reason.CASE_EXISTS, message=f"there is a case {case.id} already", field="case")

    @joined
    def close(self, case: Case) -> None:
        """Store a case that was finished or abandoned (K2, K3).

        :raises Refusal: ``case-closed`` when it is no longer open, ``case-unknown`` when there is none of this id.
        """
        if self.work.change(_CLOSE, {**without(case_row(case), "id"), "of": case.id, "still": CaseStatus.OPEN.value}):
            return
        known = self.find(case.id)
        if known is None:
            raise Refusal(Reason.CASE_UNKNOWN, message=f"there is no case {case.id}", field="case")
        raise Refusal(Reason.CASE_CLOSED, message=f"case {case.id} is {known.status}", field="case")

    def all(self, *, after: str | None = None, open_only: bool = False) -> Iterator[Case]:
        """Yield every case in order of id, or those above ``after``, or that are open, without holding them all."""
        above = None if after is None else (after,)
        if open_only:
            return _OPEN.read(self.work, case_of, after=above)
        return _ALL.read(self.work, case_of, after=above)


def case_row(case: Case) -> dict[str, Any]:
    """Return the row of a case."""
    carried = case.carried
    return {
        "id": case.id,
        "customer": case.customer,
        "opened_at": case.opened_at,
        "product": case.product,
        "segment": case.segment,
        "code": None if carried is None else carried.code,
        **offer_row("referrer", None if carried is None else carried.referrer),
        **offer_row("referee", None if carried is None else carried.referee),
        "warnings": case.warnings,
        "status": case.status.value,
        "contract": case.contract,
        "closed_at": case.closed_at,
    }


def case_of(row: Row) -> Case:
    """Return the case of a row."""
    carried = None if row.code is None else CarriedOffer(row.code, offer_of("referrer", row), offer_of("referee", row))
    return Case(
        id=row.id,
        customer=row.customer,
        opened_at=row.opened_at,
        product=row.product,
        segment=row.segment,
        carried=carried,
        warnings=tuple(map(Reason, row.warnings)),
        status=CaseStatus(row.status),
        contract=row.contract,
        closed_at=row.closed_at,
    )
