"""Seals in a database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import bindparam, exists, func, insert, select

from referral_adapters.sql.atomic import atomic
from referral_adapters.sql.careful_pages import CarefulPages
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.statements import PAGE, Pages
from referral_adapters.sql.trace_tables import SEALED_HEADS, SEALS, TRACE_ENTRIES
from referral_adapters.sql.types import COUNT
from referral_adapters.sql.work import Work
from referral_core.entities.seal import Head, Seal, SealedHead
from referral_core.entities.trace_fault import SEALS_SUBJECT
from referral_core.values.moment import moment

_H: Final = SEALED_HEADS.c
_T: Final = TRACE_ENTRIES.c
_FOLLOWING: Final = TRACE_ENTRIES.alias("following").c
_MOVED: Final = (
    select(_T.subject, _T.number, bindparam("seal", type_=COUNT).label("seal"), _T.hash)
    .where(~exists().where(_FOLLOWING.subject == _T.subject, _FOLLOWING.number == _T.number + 1))
    .where(~exists().where(_H.subject == _T.subject, _H.number == _T.number))
    .order_by(_T.subject)
    .limit(PAGE)
)
"""The next page of heads that have moved."""
_COLUMNS: Final = ("subject", "number", "seal", "hash")
_LIST_FIRST: Final = insert(SEALED_HEADS).from_select(_COLUMNS, _MOVED).returning(_H.subject, _H.number, _H.hash)
_LIST_NEXT: Final = (
    insert(SEALED_HEADS)
    .from_select(_COLUMNS, _MOVED.where(_T.subject > bindparam("after")))
    .returning(_H.subject, _H.number, _H.hash)
)
_SEALS: Final = CarefulPages(select(SEALS), SEALS.c.number)
_LAST: Final = select(func.max(SEALS.c.number).label("last"))
_BY_SEAL: Final = Pages(select(SEALED_HEADS).where(_H.seal == bindparam("of")), _H.subject, _H.number)
_BY_SUBJECT: Final = Pages(select(SEALED_HEADS), _H.subject, _H.number, _H.seal)
_NEW: Final = insert(SEALS)


@attrs.frozen
class SqlSeals:
    """The port ``Seals`` in a database, whose triggers refuse every change (A2).

    On PostgreSQL those who seal wait for each other, and for nobody else; nor does anybody who writes rows wait for
    them.
    """

    work: Work

    @atomic
    def set(self, at: datetime) -> Seal | None:
        """Set the next seal, over every head that moved since the seal before; ``None`` when none did.

        :raises ConcurrentChange: another seal came first.
        :raises TraceUnreadable: the last seal cannot be read.
        """
        self.work.lock("seals of the trace")
        last = self.work.row(_LAST)
        before = None if last is None or last.last is None else next(self.all(after=last.last - 1))
        seal = Seal.over(self._listed(before.number + 1 if before else 1), before, at)
        if not seal.heads:
            return None
        self.work.change(_NEW, seal_row(seal))
        return seal

    def all(self, *, after: int = 0) -> Iterator[Seal]:
        """Yield every seal with a number above ``after``, in order, without holding them all.

        :raises TraceUnreadable: the next seal cannot be read.
        """
        return _SEALS.read(self.work, seal_of, lambda key: (SEALS_SUBJECT, key.number), after=(after,))

    def heads(self, seal: int | None = None) -> Iterator[SealedHead]:
        """Yield the heads that a seal lists, or those of all seals by subject and number, without holding them all."""
        if seal is None:
            return _BY_SUBJECT.read(self.work, head_of)
        return _BY_SEAL.read(self.work, head_of, of=seal)

    def _listed(self, number: int) -> Iterator[Head]:
        """Yield every head that has moved, listed by then under the seal that is about to be set.

        Each page is found and listed by one statement: what it returns is what is listed, whoever writes meanwhile.
        """
        page = self.work.rows(_LIST_FIRST, {"seal": number})
        while page:
            heads = sorted((row.subject, row.number, row.hash) for row in page)
            yield from heads
            if len(page) < PAGE:
                return
            page = self.work.rows(_LIST_NEXT, {"seal": number, "after": heads[-1][0]})


def seal_row(seal: Seal) -> dict[str, Any]:
    """Return the row of a seal."""
    return {
        "number": seal.number,
        "moment": seal.moment,
        "heads": seal.heads,
        "previous": seal.previous,
        "hash": seal.hash,
    }


def seal_of(row: Row) -> Seal:
    """Return the seal of a row."""
    return Seal(row.number, moment(row.moment), row.heads, row.previous, row.hash)


def head_of(row: Row) -> SealedHead:
    """Return the sealed head of a row."""
    return SealedHead(row.subject, row.number, row.hash, row.seal)
