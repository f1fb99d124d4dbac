"""Lots in a database: parts of an account's discount, each with the moment from which bills may take it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import attrs
from sqlalchemy import Column, FromClause, Select, bindparam, delete, func, insert, select, update

from referral_adapters.sql.billing_tables import LOTS
from referral_adapters.sql.prepared import locking
from referral_adapters.sql.row_set import BulkInsertion, RowSet
from referral_adapters.sql.types import COUNT
from referral_adapters.sql.unit import Lookup
from referral_adapters.sql.work import Work
from referral_core.values.errors import ConcurrentChange

Lot = tuple[datetime, Decimal]
"""The moment from which bills may take it, and how much there is."""


class _Numbered(NamedTuple):
    """A lot with its number on the account."""

    number: int
    effective_from: datetime
    unused: Decimal


_L: Final = LOTS.c
OF: Final[Lookup[tuple[_Numbered, ...]]] = Lookup(
    locking(
        select(_L.number, _L.effective_from, _L.unused)
        .where(_L.account == bindparam("of"))
        .order_by(_L.effective_from, _L.number),
        is_locked=False,
    ),
    lambda rows: tuple(map(_Numbered._make, rows)),
)
"""The lots of an account, oldest first and then as they arrived."""
_ARRIVING: Final = RowSet(Column("place", COUNT), _L.account, _L.effective_from, _L.unused)
_ONE: Final = (_L.account == bindparam("of"), _L.number == bindparam("which"))
_LESS: Final = update(LOTS).where(*_ONE)
_GONE: Final = delete(LOTS).where(*_ONE)
_NONE: Final = Decimal("0.00")


def _arrived(arriving: FromClause) -> Select[Any]:
    """Return lots with their numbers, which go on from the last of the account in the order of places."""
    there = LOTS.alias("there")
    last = select(func.coalesce(func.max(there.c.number), 0)).where(there.c.account == arriving.c.account)
    further = func.row_number().over(partition_by=arriving.c.account, order_by=arriving.c.place)
    number = last.scalar_subquery() + further
    return select(arriving.c.account, number, arriving.c.effective_from, arriving.c.unused)


_NEW_ONE: Final = insert(LOTS)
_NEW: Final = BulkInsertion(LOTS, _ARRIVING, _arrived, returning=(_L.account, _L.effective_from, _L.unused))
_TRIES: Final = 100


@attrs.frozen
class Lots:
    """The lots of all accounts; whoever takes from an account's has locked it."""

    work: Work

    def of(self, account: str) -> tuple[Lot, ...]:
        """Return an account's lots, oldest first and then as they arrived."""
        return tuple((row.effective_from, row.unused) for row in self._rows(account))

    def unused(self, account: str) -> Decimal:
        """Return what is unused of all lots together."""
        return sum((row.unused for row in self._rows(account)), _NONE)

    def add(self, arriving: Iterable[tuple[str, Lot]]) -> None:
        """Let lots arrive on accounts, none of which has to be locked: where others were quicker, their numbers go on.

        :raises ConcurrentChange: others were quicker all the time.
        """
        if self.work.is_spread:  # account by account, as each may lie elsewhere, and as each is asked for it is locked
            for account, lot in arriving:
                self.put(account, [lot])
            return
        left = list(arriving)
        for _ in range(_TRIES):
            rows = [
                {"place": place, "account": account, "effective_from": effective_from, "unused": unused}
                for place, (account, (effective_from, unused)) in enumerate(left)
            ]
            there = Counter(_NEW.into(self.work, rows))  # which of equal lots were inserted makes no difference
            left = [lot for lot in left if not _counted_off(there, lot)]
            if not left:
                return
        raise ConcurrentChange("Too many lots arrive on the same account at the same time.")

    def put(self, account: str, arriving: Iterable[Lot]) -> None:
        """Let lots arrive on one account, which stays locked."""
        lots = list(self._rows(account))
        last = max([each.number for each in lots], default=0)
        for number, (effective_from, unused) in enumerate(arriving, last + 1):
            row = {"account": account, "number": number, "effective_from": effective_from, "unused": unused}
            self.work.write(_NEW_ONE, row)
            lots.append(_Numbered(number, effective_from, unused))
        self._keep(account, lots)

    def take(self, account: str, most: Decimal, *, by: datetime | None = None) -> list[Lot]:
        """Take up to ``most`` away, oldest first, of the lots effective at or before ``by``; return what was taken."""
        taken, left = list[Lot](), list[_Numbered]()
        for lot in self._rows(account):
            if not most or (by is not None and lot.effective_from > by):
                left.append(lot)
                continue
            part = min(most, lot.unused)
            which = {"of": account, "which": lot.number}
            if part == lot.unused:
                self.work.write(_GONE, which)
            else:
                self.work.write(_LESS, {**which, "unused": lot.unused - part})
                left.append(lot._replace(unused=lot.unused - part))
            taken.append((lot.effective_from, part))
            most -= part
        self._keep(account, left)
        return taken

    def _rows(self, account: str) -> tuple[_Numbered, ...]:
        return self.work.ask(OF, account)

    def _keep(self, account: str, lots: Iterable[_Numbered]) -> None:
        self.work.keep(OF, account, tuple(sorted(lots, key=_in_order)))


def _in_order(lot: _Numbered) -> tuple[datetime, int]:
    return lot.effective_from, lot.number


def _counted_off(there: Counter[tuple[Any, ...]], arriving: tuple[str, Lot]) -> bool:
    """Take one such lot off a count, if there is one."""
    account, (effective_from, unused) = arriving
    if not there[account, effective_from, unused]:
        return False
    there[account, effective_from, unused] -= 1
    return True
