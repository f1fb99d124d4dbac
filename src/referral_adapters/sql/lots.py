"""The unused parts of grants on accounts, oldest first (B6, B7, B11)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final, NamedTuple

import attrs
from sqlalchemy import bindparam, delete, insert, select, update

from referral_adapters.sql.prepared import Lockable
from referral_adapters.sql.statements import BulkInsertion
from referral_adapters.sql.tables import LOTS
from referral_adapters.sql.unit_of_work import Lookup
from referral_adapters.sql.work import Work


class Lot(NamedTuple):
    """The unused amount of one grant on one account, and since when it is recorded there."""

    effective_from: datetime
    grant: str
    unused: Decimal
    recorded_at: datetime


_L: Final = LOTS.c
LOTS_OF: Final[Lookup[tuple[Lot, ...]]] = Lookup(
    Lockable(
        select(_L.effective_from, _L.grant_key, _L.unused, _L.recorded_at)
        .where(_L.account == bindparam("of"))
        .order_by(_L.effective_from, _L.grant_key),
        is_locked=False,
    ),
    lambda rows: tuple(map(Lot._make, rows)),
)
"""The lots of an account, ordered by the moment from which they are effective and then by the key of the grant.

The rows are not locked: the family ``ledger`` locks the account's discount by name.
"""
_ONE: Final = (_L.account == bindparam("of"), _L.grant_key == bindparam("which"))
_NEW: Final = insert(LOTS)
_NEW_ONES: Final = BulkInsertion(LOTS)
_OTHER: Final = update(LOTS).where(*_ONE)
_GONE: Final = delete(LOTS).where(*_ONE)
NONE: Final = Decimal("0.00")
ONE_LOT: Final = select(_L.grant_key).where(*_ONE)
"""Whether a grant has a lot on an account."""


@attrs.frozen
class Lots:
    """The lots of all accounts; :meth:`put` and :meth:`take` lock the discount of their account by name."""

    work: Work

    def of(self, account: str) -> tuple[Lot, ...]:
        """Return an account's lots, ordered by the moment from which they are effective and then by their grants."""
        return self.work.ask(LOTS_OF, account)

    def add(self, arriving: Iterable[tuple[str, Lot]]) -> None:
        """Add lots of grants that are new to many accounts, by one statement, without a lock on any account."""
        if self.work.is_distributed:
            # Accounts lie on different nodes, so each is a statement of its own, under the lock of its account.
            for account, lot in arriving:
                self.put(account, [lot])
            return
        _NEW_ONES.into(self.work, [_lot_row(account, lot) for account, lot in arriving])

    def put(self, account: str, arriving: Iterable[Lot]) -> None:
        """Add lots to one account, whose discount stays locked until the transaction ends."""
        lots = {lot.grant: lot for lot in self.of(account)}  # this lookup takes the lock
        for lot in arriving:
            known = lots.get(lot.grant)
            if known is None:
                lots[lot.grant] = lot
                self.work.write(_NEW, _lot_row(account, lot))
            else:
                both, since = known.unused + lot.unused, max(known.recorded_at, lot.recorded_at)
                self._change(account, lots, known._replace(unused=both, recorded_at=since))
        self._keep(account, lots)

    def remove(self, account: str, going: Iterable[Lot]) -> None:
        """Remove parts of lots from one account, whose discount stays locked until the transaction ends."""
        lots = {lot.grant: lot for lot in self.of(account)}
        for part in going:
            lot = lots[part.grant]
            self._change(account, lots, lot._replace(unused=lot.unused - part.unused))
        self._keep(account, lots)

    def _change(self, account: str, lots: dict[str, Lot], lot: Lot) -> None:
        which = {"of": account, "which": lot.grant}
        if lot.unused:
            lots[lot.grant] = lot
            self.work.write(_OTHER, {**which, "unused": lot.unused, "recorded_at": lot.recorded_at})
        else:
            del lots[lot.grant]
            self.work.write(_GONE, which)

    def _keep(self, account: str, lots: dict[str, Lot]) -> None:
        self.work.keep(LOTS_OF, account, tuple(sorted(lots.values(), key=itemgetter(0, 1))))


def _lot_row(account: str, lot: Lot) -> dict[str, Any]:
    return {
        "account": account,
        "grant_key": lot.grant,
        "effective_from": lot.effective_from,
        "unused": lot.unused,
        "recorded_at": lot.recorded_at,
    }


def parts_of(lots: Iterable[Lot], most: Decimal) -> list[Lot]:
    """Return the parts of lots in order that make up at most ``most``; at most one lot is split (B6, B7)."""
    parts = []
    for lot in lots:
        if not most:
            break
        parts.append(lot._replace(unused=min(lot.unused, most)))
        most -= parts[-1].unused
    return parts


def total_of(lots: Iterable[Lot]) -> Decimal:
    """Return the unused amount of lots together."""
    return sum((lot.unused for lot in lots), NONE)
