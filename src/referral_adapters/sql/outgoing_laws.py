"""Laws of what goes out: the outbox and what is published tell the same, and no position is left out."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, and_, cast, func, or_, select

from referral_adapters.sql.outgoing_tables import OUTBOX, PUBLISHED
from referral_adapters.sql.types import WORDS

_O: Final = OUTBOX.c
_P: Final = PUBLISHED.c
_STANDS: Final = and_(_O.position == _P.position, _O.subject == _P.subject, _O.number == _P.number)


def amiss_in_outbox() -> Select[Any]:
    """Return the subjects of rows that have a position at which they do not stand."""
    known = OUTBOX.outerjoin(PUBLISHED, _STANDS)
    missing = (_O.position.is_not(None), _P.position.is_(None))
    return select(_O.subject).select_from(known).where(*missing).order_by(_O.subject)


def amiss_in_published() -> Select[Any]:
    """Return the positions that follow no other, but for the first, and those of rows that have another or none."""
    last = func.lag(_P.position, 1, 0).over(order_by=_P.position).label("last")
    each = select(_P.position, last, _O.subject).select_from(PUBLISHED.outerjoin(OUTBOX, _STANDS)).subquery().c
    wrong = or_(each.last != each.position - 1, each.subject.is_(None))
    return select(cast(each.position, WORDS).label("subject")).where(wrong).order_by(each.position)
