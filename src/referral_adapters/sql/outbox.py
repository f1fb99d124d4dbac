"""The outbox in a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs
from sqlalchemy import Executable, FromClause, and_, bindparam, func, select, update

from referral_adapters.sql.atomic import atomic
from referral_adapters.sql.careful_pages import UNREADABLE
from referral_adapters.sql.outgoing_tables import OUTBOX, PUBLISHED
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.row_set import BulkInsertion, RowSet
from referral_adapters.sql.trace import SqlTrace, entry_of
from referral_adapters.sql.trace_tables import TRACE_ENTRIES
from referral_adapters.sql.types import COUNT
from referral_adapters.sql.work import Work
from referral_core.entities.published import Published
from referral_core.entities.trace_entry import TraceEntry
from referral_core.values.errors import ConcurrentChange, TraceUnreadable

_O: Final = OUTBOX.c
_P: Final = PUBLISHED.c
_T: Final = TRACE_ENTRIES.c
_MOST: Final = bindparam("most", type_=COUNT)
_WAITING: Final = select(_O.subject, _O.number).where(_O.position.is_(None)).order_by(_O.sequence).limit(_MOST)
_LAST: Final = select(func.max(_P.position).label("last"))
_READ: Final = select(PUBLISHED).where(_P.position > bindparam("after")).order_by(_P.position).limit(_MOST)
_GIVEN: Final = RowSet(*PUBLISHED.columns)
_NEW: Final = BulkInsertion(PUBLISHED, _GIVEN)


def _placing(given: FromClause) -> Executable:
    same = and_(_O.subject == given.c.subject, _O.number == given.c.number)
    return update(OUTBOX).where(same).values(position=given.c.position)


def _entries(given: FromClause) -> Executable:
    same = and_(_T.subject == given.c.subject, _T.number == given.c.number)
    return select(TRACE_ENTRIES).join(given, same)


_PLACE: Final = _GIVEN.statements(_placing)
_ENTRIES: Final = _GIVEN.statements(_entries)


@attrs.frozen
class SqlOutbox:
    """The port ``Outbox`` in a database, where a trigger puts every row of the trace into it.

    Those who publish wait for each other. A sequence alone would not do for a position: a reader who has seen 8 would
    never see 7 if that is committed later. Here positions are given to what is committed, and by one at a time.
    """

    work: Work
    trace: SqlTrace

    @atomic
    def publish(self, limit: int) -> int:
        """Give up to ``limit`` rows that have no position the next ones, and return how many got one."""
        self.work.lock("outbox")
        waiting = self.work.rows(_WAITING, {"most": limit})
        if not waiting:
            return 0
        last = self.work.row(_LAST)
        first = 1 if last is None or last.last is None else last.last + 1
        rows = [
            {"position": position, "subject": row.subject, "number": row.number}
            for position, row in enumerate(waiting, first)
        ]
        if len(_NEW.into(self.work, rows)) < len(rows):
            raise ConcurrentChange("Somebody else published at the same time.")
        return self.work.change(_PLACE[self.work.dialect], _GIVEN.given(self.work, rows))

    def read(self, after: int, limit: int) -> tuple[Published, ...]:
        """Return up to ``limit`` published rows with a position above ``after``, in order.

        :raises TraceUnreadable: one of them cannot be read.
        """
        places = self.work.rows(_READ, {"after": after, "most": limit})
        entries = self._entries(places)
        for place in places:
            if (place.subject, place.number) not in entries:
                raise TraceUnreadable(place.subject, place.number)
        return tuple(Published(place.position, entries[place.subject, place.number]) for place in places)

    def _entries(self, places: Sequence[Row]) -> dict[tuple[str, int], TraceEntry]:
        """Return the rows of the trace that stand at some places, as far as they are there."""
        if not places:
            return {}
        rows = [{"position": place.position, "subject": place.subject, "number": place.number} for place in places]
        try:
            read = self.work.rows(_ENTRIES[self.work.dialect], _GIVEN.given(self.work, rows))
            return {(row.subject, row.number): entry_of(row) for row in read}
        except UNREADABLE:
            for place in places:  # which one it is, the trace knows
                next(self.trace.chain(place.subject, after=(place.subject, place.number - 1)), None)
            raise
