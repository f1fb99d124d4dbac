"""The ledger of continuous bill discounts in a database: movements, and lots of unused discount."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import attrs
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_into_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_into_sqlite

from referral_adapters.sql.atomic import atomic, joined
from referral_adapters.sql.lots import NONE, ONE_LOT, Lot, Lots, parts_of, total_of
from referral_adapters.sql.prepared import Lockable, Row
from referral_adapters.sql.statements import BulkInsertion, RowSet
from referral_adapters.sql.tables import (
    BILL_USES,
    BILLS,
    MOVED_GRANTS,
    MOVEMENTS,
    POSTED_GRANTS,
    POSTED_REVERSALS,
    TRANSFERS,
)
from referral_adapters.sql.unit_of_work import Lookup
from referral_adapters.sql.work import Work
from referral_core.entities.balance import Balance, Movement, MovementKind, Transfer, UnusedPart, Use, statement
from referral_core.entities.grant import Grant
from referral_core.values.errors import KeyReused, Reason, Refusal
from referral_core.values.moment import LATEST
from referral_core.values.money import Money

POSTED: Final = Lookup(
    Lockable(select(POSTED_GRANTS).where(POSTED_GRANTS.c.key == bindparam("of")), is_locked=False), bool
)
"""Tells whether a grant was posted under a key."""
BILLED: Final = Lookup(Lockable(select(BILLS).where(BILLS.c.bill == bindparam("of")), is_locked=False), bool)
"""Whether a bill was taken into account."""
_T: Final = TRANSFERS.c
MOVED: Final[Lookup[Transfer | None]] = Lookup(
    Lockable(select(_T.source, _T.target, _T.wanted, _T.moved).where(_T.key == bindparam("of")), is_locked=False),
    lambda rows: Transfer(*rows[0]) if rows else None,
)
"""The transfer under a key."""
_V: Final = POSTED_REVERSALS.c
REVERSED: Final[Lookup[dict[str, tuple[str, Decimal]]]] = Lookup(
    Lockable(select(_V.key, _V.account, _V.amount).where(_V.grant_key == bindparam("of")), is_locked=False),
    lambda rows: {row.key: (row.account, row.amount) for row in rows},
)
"""The reversals of a grant by key: from which account, and how much."""
_GRANT_KEYS: Final = RowSet(_V.grant_key)
_REVERSED_AMONG: Final = _GRANT_KEYS.statements(
    lambda keys: select(_V.grant_key).join(keys, keys.c.grant_key == _V.grant_key).distinct()
)
_NEW_REVERSAL: Final = insert(POSTED_REVERSALS)
_U: Final = BILL_USES.c
_NEW_USE: Final = insert(BILL_USES)
_OF_BILL: Final = (_U.account == bindparam("of_account"), _U.bill == bindparam("of_bill"))
_USES_OF_BILL: Final = select(BILL_USES).where(*_OF_BILL).order_by(_U.grant_key)
_UNUSED_AGAIN: Final = update(BILL_USES).where(*_OF_BILL)
_USES_OF_GRANT: Final = select(BILL_USES).where(_U.account == bindparam("of"), _U.grant_key == bindparam("which"))
_BILL: Final = select(BILLS).where(BILLS.c.bill == bindparam("of"))
_CANCEL: Final = update(BILLS).where(BILLS.c.bill == bindparam("of"))
_HELD_BY: Final = (
    select(POSTED_GRANTS.c.account)
    .where(POSTED_GRANTS.c.key == bindparam("of"))
    .union(select(MOVED_GRANTS.c.account).where(MOVED_GRANTS.c.grant_key == bindparam("of")))
)
_NEW_HOLDER: Final = {
    "postgresql": insert_into_postgresql(MOVED_GRANTS).on_conflict_do_nothing(),
    "sqlite": insert_into_sqlite(MOVED_GRANTS).on_conflict_do_nothing(),
}
_NEW_GRANT: Final = insert(POSTED_GRANTS)
_NEW_GRANTS: Final = BulkInsertion(POSTED_GRANTS)
_NEW_BILL: Final = insert(BILLS)
_NEW_TRANSFER: Final = insert(TRANSFERS)
_KEYS: Final = RowSet(POSTED_GRANTS.c.key)
_POSTED_AMONG: Final = _KEYS.statements(
    lambda keys: select(POSTED_GRANTS.c.key).join(keys, keys.c.key == POSTED_GRANTS.c.key)
)
_NEW_MOVEMENT: Final = insert(MOVEMENTS)
_NEW_MOVEMENTS: Final = BulkInsertion(MOVEMENTS)
_MOVEMENTS: Final = select(MOVEMENTS).where(MOVEMENTS.c.account == bindparam("of"))
_SUMS: Final = (
    select(MOVEMENTS.c.kind, func.sum(MOVEMENTS.c.amount).label("amount"))
    .where(MOVEMENTS.c.account == bindparam("of"))
    .group_by(MOVEMENTS.c.kind)
)
_SUMS_BY: Final = _SUMS.where(MOVEMENTS.c.recorded_at <= bindparam("by"))
_KINDS: Final = {
    **{kind.replace("-", "_"): kind for kind in MovementKind},
    "taken_back_of_bill": MovementKind.TAKEN_BACK,
}
"""The kinds of movements by their names in the table.

What a cancelled bill gives back to a grant that was taken back has a name of its own: its reference is the bill's.
"""


class SqlContinuousDiscounts:
    """Billing in a database, in one currency, inside the store's transactions.

    Every account has lots of unused discount, one of each grant, ordered by the moment from which they are effective
    and then by the grant's key. On each account ``granted - taken_back + transferred_in = consumed + transferred_out +
    unused`` to the cent. All but the last are sums of movements, and ``unused`` is the sum of the lots.
    """

    def __init__(self, work: Work, *, currency: str = "EUR") -> None:
        self.work = work
        self._currency = currency
        self._lots = Lots(work)

    @joined
    def grant(self, grant: Grant, *, recorded_at: datetime | None = None) -> None:
        """Write the key, the movement and the lot of a grant; a known key writes nothing (B2).

        A grant of zero is remembered by its key alone.

        :raises Refusal: ``currency-mismatch`` when the grant is in another currency (M3).
        """
        amount = self._amount(grant.amount)
        if self.work.ask(POSTED, grant.key):
            return
        self.work.write(_NEW_GRANT, {"key": grant.key, "account": grant.account})
        self.work.keep(POSTED, grant.key, True)
        if amount:
            lot = _lot_of(grant, recorded_at)
            self._move(grant.account, "granted", grant.key, amount, lot.effective_from, lot.recorded_at)
            self._lots.put(grant.account, [lot])

    def has_grant(self, key: str) -> bool:
        """Tell whether a grant was posted under this key, by one look at the primary key."""
        return self.work.ask(POSTED, key)

    @atomic
    def grant_all(self, grants: Sequence[Grant], *, recorded_at: datetime | None = None) -> Mapping[str, Reason]:
        """Post grants by three statements for all of them: keys, movements and lots.

        Returns the reasons of the refused grants by key: ``currency-mismatch`` (M3).
        """
        wrong = {grant.key: Reason.CURRENCY_MISMATCH for grant in grants if grant.amount.currency != self._currency}
        rows = [{"key": grant.key, "account": grant.account} for grant in grants if grant.key not in wrong]
        # Of two payers who post the same key only one gets it back here, and only that one writes movements.
        new = {key for (key,) in _NEW_GRANTS.into(self.work, rows)}
        # In order of account: two payers who post to common accounts cannot deadlock.
        arriving = {grant.key: grant for grant in sorted(grants, key=_account) if grant.key in new and grant.amount}
        lots = [(grant.account, _lot_of(grant, recorded_at)) for grant in arriving.values()]
        if lots:
            granted = [
                _movement(account, "granted", lot.grant, lot.unused, lot.effective_from, lot.recorded_at)
                for account, lot in lots
            ]
            _NEW_MOVEMENTS.into(self.work, granted)
            self._lots.add(lots)
        return wrong

    def granted_among(self, keys: Collection[str]) -> frozenset[str]:
        """Return the keys under which a grant was posted, by one statement for all keys."""
        given = _KEYS.given(self.work, [{"key": key} for key in keys])
        return frozenset(row.key for row in self.work.rows(_POSTED_AMONG[self.work.dialect], given))

    @joined
    def bill(
        self, bill: str, account: str, amount: Money, *, at: datetime, recorded_at: datetime | None = None
    ) -> Money:
        """Use up the account's lots, oldest first, and return the amount used (B6).

        They are those effective by ``at`` and recorded before the bill (B13). The bill is stored even if it uses
        nothing.

        :raises Refusal: ``bill-exists`` when the bill was applied before, even if it used nothing;
            ``currency-mismatch`` when the bill is in another currency (M3).
        """
        most = self._amount(amount)
        if self.work.ask(BILLED, bill):
            raise Refusal(Reason.BILL_EXISTS, message=f"bill {bill} was taken into account before", field="bill")
        self.work.write(_NEW_BILL, {"bill": bill, "account": account})
        self.work.keep(BILLED, bill, True)
        recorded_at = recorded_at or at
        lots = [lot for lot in self._lots.of(account) if lot.effective_from <= at and lot.recorded_at <= recorded_at]
        parts = parts_of(lots, most)
        if parts:
            self._lots.remove(account, parts)
            self._move(account, "consumed", bill, total_of(parts), at, recorded_at)
        for part in parts:
            self.work.write(
                _NEW_USE,
                {
                    "account": account,
                    "bill": bill,
                    "grant_key": part.grant,
                    "effective_from": part.effective_from,
                    "amount": part.unused,
                    "at": at,
                    "recorded_at": recorded_at,
                },
            )
        return self._money(total_of(parts))

    def billed_account(self, bill: str) -> str | None:
        """Return the account of a bill, cancelled or not, by its primary key."""
        known = self.work.row(_BILL, {"of": bill})
        return None if known is None else str(known.account)

    @joined
    def cancel_bill(self, bill: str, *, at: datetime, recorded_at: datetime | None = None) -> Money:
        """Put back what a bill took into the lots that it was taken from; do nothing if it was cancelled before (B12).

        What belongs to a grant that was taken back is taken back at once.

        :raises Refusal: ``bill-unknown``.
        """
        of = {"of": bill}
        known = self.work.row(_BILL, of)
        if known is None:
            raise Refusal(Reason.BILL_UNKNOWN, message=f"there was no bill {bill}", field="bill")
        account = known.account
        self.work.look_ahead([("ledger", account)])
        # Read again under the lock: somebody else may have cancelled the bill meanwhile.
        is_cancelled = self.work.rows(_BILL, of)[0].cancelled_at is not None
        uses = self.work.rows(_USES_OF_BILL, {"of_account": account, "of_bill": bill})
        if not is_cancelled:
            recorded_at = max(recorded_at or at, *(use.recorded_at for use in uses)) if uses else recorded_at or at
            self.work.write(_CANCEL, {**of, "cancelled_at": recorded_at})
            if uses:
                self._give_back(bill, account, uses, at, recorded_at)
        return self._money(sum((use.amount for use in uses), NONE))

    @joined
    def take_back(
        self, grant: str, account: str, *, key: str, at: datetime, recorded_at: datetime | None = None
    ) -> Money:
        """Remove the lot of a grant from an account, once per key, and return its amount (B11).

        :raises KeyReused: the key stands for another account.
        """
        self.work.look_ahead([("ledger", account)])
        known = self.work.ask(REVERSED, grant)
        if key in known:
            before, amount = known[key]
            if before != account:
                raise KeyReused("key", "was used before, for another account")
            return self._money(amount)
        parts = [lot for lot in self._lots.of(account) if lot.grant == grant]
        taken = total_of(parts)
        self.work.write(_NEW_REVERSAL, {"grant_key": grant, "key": key, "account": account, "amount": taken})
        self.work.keep(REVERSED, grant, {**known, key: (account, taken)})
        if parts:
            self._lots.remove(account, parts)
            self._move(account, "taken_back", grant, taken, at, max(recorded_at or at, parts[0].recorded_at))
        return self._money(taken)

    def holders(self, grant: str) -> tuple[str, ...]:
        """Return the accounts that have a lot of a grant, in order: of those that it was posted or moved to."""
        return tuple([each for each in self._held_by(grant) if self.work.row(ONE_LOT, {"of": each, "which": grant})])

    def uses(self, key: str, *, by: datetime | None = None) -> tuple[Use, ...]:
        """Return what bills took of a grant, without the cancelled ones, by moment and bill."""
        found = [
            Use(bill=row.bill, amount=self._money(row.amount), moment=row.at, recorded_at=row.recorded_at)
            for account in self._held_by(key)
            for row in self.work.rows(_USES_OF_GRANT, {"of": account, "which": key})
            if (row.cancelled_at is None if by is None else row.recorded_at <= by < (row.cancelled_at or LATEST))
        ]
        return tuple(sorted(found, key=lambda use: (use.moment, use.bill)))

    @joined
    def transfer(
        self,
        source: str,
        target: str,
        amount: Money | None,
        *,
        at: datetime,
        key: str,
        recorded_at: datetime | None = None,
    ) -> Money:
        """Move lots from one account to another, oldest first, and return the amount moved; ``None`` moves all (B7).

        Returns what was moved. Every lot keeps its grant and the moment it is effective from, whenever it is moved; one
        that is moved in part is split. A lot of a grant that is being taken back stays. Under a ``key`` that stands for
        the same transfer nothing is moved, and what was moved is returned.

        :raises Refusal: ``amount-exceeds-unused`` when there is less on ``source``; ``currency-mismatch`` (M3).
        :raises KeyReused: the key stands for another transfer.
        """
        wanted = None if amount is None else self._amount(amount)
        # Both accounts in one call, which sorts the locks: two opposite transfers cannot deadlock.
        self.work.look_ahead([("ledger", source), ("ledger", target)])
        before = self.work.ask(MOVED, key)
        if before is not None:
            return self._money(before.repeated(source, target, wanted))
        lots = self._movable(source)
        unused = total_of(lots)
        most = unused if wanted is None else wanted
        if most > unused:
            raise Refusal(
                Reason.AMOUNT_EXCEEDS_UNUSED,
                message=f"{amount} is more than the unused {self._money(unused)} of account {source}",
                field="amount",
            )
        made = Transfer(source, target, wanted, most)
        self.work.write(_NEW_TRANSFER, {"key": key, **attrs.asdict(made)})
        self.work.keep(MOVED, key, made)
        parts = parts_of(lots, most)
        if parts:
            recorded_at = max(recorded_at or at, *(part.recorded_at for part in parts))
            self._move(source, "transferred_out", key, most, at, recorded_at)
            self._move(target, "transferred_in", key, most, at, recorded_at)
            self._lots.remove(source, parts)
            self._lots.put(target, [part._replace(recorded_at=recorded_at) for part in parts])
            for part in parts:
                self.work.write(_NEW_HOLDER[self.work.dialect], {"grant_key": part.grant, "account": target})
        return self._money(most)

    def balance(self, account: str, *, by: datetime | None = None) -> Balance:
        """Return the account's movements, summed by kind in the database; all zero if it has none.

        With ``by`` only movements recorded up to and at that moment are summed. Otherwise a second statement reads the
        parts of the unused discount, unless there is none.
        """
        of = {"of": account}
        rows = self.work.rows(_SUMS, of) if by is None else self.work.rows(_SUMS_BY, {**of, "by": by})
        sums = defaultdict(lambda: NONE, {row.kind: row.amount for row in rows})
        balance = Balance(
            granted=self._money(sums["granted"]),
            transferred_in=self._money(sums["transferred_in"]),
            transferred_out=self._money(sums["transferred_out"]),
            consumed=self._money(sums["consumed"] - sums["given_back"]),
            taken_back=self._money(sums["taken_back"] + sums["taken_back_of_bill"]),
        )
        if by is not None or not balance.unused:
            return balance
        return attrs.evolve(balance, parts=tuple(UnusedPart(*lot) for lot in self.lots(account)))

    def movements(self, account: str) -> tuple[Movement, ...]:
        """Return all movements of an account by recording, each with the unused discount after it.

        One statement reads them, and :func:`~referral_core.entities.balance.statement` puts them in order.
        """
        return statement(
            (
                (row.recorded_at, row.moved_at, _KINDS[row.kind], self._money(row.amount), row.reference)
                for row in self.work.rows(_MOVEMENTS, {"of": account})
            ),
            self._currency,
        )

    def lots(self, account: str) -> tuple[tuple[datetime, Money], ...]:
        """Return the parts of the unused discount, oldest first, each with the moment from which bills may use it."""
        return tuple((lot.effective_from, self._money(lot.unused)) for lot in self._lots.of(account))

    def _movable(self, account: str) -> list[Lot]:
        """Return the lots of an account without those of grants that are being taken back."""
        lots = self._lots.of(account)
        if not lots:
            return []
        if self.work.is_distributed:  # reversals lie on different nodes, by their grants
            return [lot for lot in lots if not self.work.ask(REVERSED, lot.grant)]
        given = _GRANT_KEYS.given(self.work, [{"grant_key": lot.grant} for lot in lots])
        gone = {row.grant_key for row in self.work.rows(_REVERSED_AMONG[self.work.dialect], given)}
        return [lot for lot in lots if lot.grant not in gone]

    def _held_by(self, grant: str) -> list[str]:
        """Return the accounts that a grant was posted or moved to, in order."""
        return sorted([row.account for row in self.work.rows(_HELD_BY, {"of": grant}) if row.account is not None])

    def _give_back(self, bill: str, account: str, uses: Sequence[Row], at: datetime, recorded_at: datetime) -> None:
        self.work.write(_UNUSED_AGAIN, {"of_account": account, "of_bill": bill, "cancelled_at": recorded_at})
        parts = [Lot(use.effective_from, use.grant_key, use.amount, recorded_at) for use in uses]
        staying = [part for part in parts if not self.work.ask(REVERSED, part.grant)]
        self._move(account, "given_back", bill, total_of(parts), at, recorded_at)
        gone = total_of(parts) - total_of(staying)
        if gone:
            self._move(account, "taken_back_of_bill", bill, gone, at, recorded_at)
        self._lots.put(account, staying)

    def _move(
        self, account: str, kind: str, reference: str, amount: Decimal, moved_at: datetime, recorded_at: datetime
    ) -> None:
        self.work.write(_NEW_MOVEMENT, _movement(account, kind, reference, amount, moved_at, recorded_at))

    def _amount(self, money: Money) -> Decimal:
        if money.currency != self._currency:
            raise Refusal(Reason.CURRENCY_MISMATCH, message=f"{money} is not in {self._currency}", field="amount")
        return money.amount

    def _money(self, amount: Decimal) -> Money:
        return Money(amount, self._currency)


def _movement(
    account: str, kind: str, reference: str, amount: Decimal, moved_at: datetime, recorded_at: datetime
) -> dict[str, Any]:
    """Return the row of a movement."""
    return {
        "account": account,
        "kind": kind,
        "reference": reference,
        "amount": amount,
        "moved_at": moved_at,
        "recorded_at": recorded_at,
    }


def _lot_of(grant: Grant, recorded_at: datetime | None) -> Lot:
    return Lot(grant.effective_from, grant.key, grant.amount.amount, recorded_at or grant.effective_from)


def _account(grant: Grant) -> str:
    return grant.account
