"""How the second migration finds out when discounts moved that were granted, transferred and consumed before it."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy import column

from referral_adapters.sql.types import WORDS, Moment
from referral_core.values.moment import EARLIEST

_MOVEMENTS: Final = sa.table(
    "discount_movements",
    column("account", WORDS),
    column("kind", WORDS),
    column("reference", WORDS),
    column("moved_at", Moment()),
)
_GRANTS: Final = sa.table("grants", column("key", WORDS), column("effective_from", Moment()))
_GRANTED: Final = "granted"
_TRANSFERRED: Final = ("transferred_in", "transferred_out")


def date_movements(connection: sa.Connection) -> None:
    """Give every movement a moment.

    A grant moved when it became effective; one that no row of grants knows, at the earliest moment there is. Nobody
    kept when bills and transfers were: a bill is put at the moment of the account's last grant, a transfer, and a bill
    on an account with one, at that of the last grant of all. Then whatever was used was there, at any moment.
    """
    m, others = _MOVEMENTS.c, _MOVEMENTS.alias("others")
    effective = sa.select(_GRANTS.c.effective_from).where(_GRANTS.c.key == m.reference).scalar_subquery()
    earliest = sa.literal(EARLIEST, Moment())
    granted = sa.update(_MOVEMENTS).where(m.kind == _GRANTED)
    connection.execute(granted.values(moved_at=sa.func.coalesce(effective, earliest, type_=Moment())))
    last = connection.execute(sa.select(sa.func.max(m.moved_at, type_=Moment()))).scalar()
    of_account = (
        sa.select(sa.func.max(others.c.moved_at, type_=Moment()))
        .where(others.c.account == m.account, others.c.kind == _GRANTED)
        .scalar_subquery()
    )
    is_moved = sa.exists().where(others.c.account == m.account, others.c.kind.in_(_TRANSFERRED))
    connection.execute(sa.update(_MOVEMENTS).where(m.kind == "consumed", ~is_moved).values(moved_at=of_account))
    connection.execute(sa.update(_MOVEMENTS).where(m.moved_at.is_(None)).values(moved_at=last or EARLIEST))
