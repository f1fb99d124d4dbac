"""The ledger of continuous bill discounts in a database: movements, and lots of unused discount."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import attrs
from sqlalchemy import Column, FromClause, Select, bindparam, delete, func, insert, select, update

from referral_adapters.sql.atomic import atomic, joined
from referral_adapters.sql.prepared import Lockable
from referral_adapters.sql.statements import BulkInsertion, RowSet
from referral_adapters.sql.tables import BILLS, LOTS, MOVEMENTS, POSTED_GRANTS, TRANSFERS
from referral_adapters.sql.types import COUNT
from referral_adapters.sql.unit_of_work import Lookup
from referral_adapters.sql.work import Work
from referral_core.entities.balance import Balance, Movement, MovementKind, Transfer, UnusedPart, statement
from referral_core.entities.grant import Grant
from referral_core.values.errors import ConcurrentChange, Reason, Refusal
from referral_core.values.history import learned_at
from referral_core.values.money import Money

Lot = tuple[datetime, Decimal]
"""The moment from which bills may use a part of a discount, and the unused amount of that part."""


class _Numbered(NamedTuple):
    """A lot with its number on the account."""

    number: int
    effective_from: datetime
    unused: Decimal


_L: Final = LOTS.c
LOTS_OF: Final[Lookup[tuple[_Numbered, ...]]] = Lookup(
    Lockable(
        select(_L.number, _L.effective_from, _L.unused)
        .where(_L.account == bindparam("of"))
        .order_by(_L.effective_from, _L.number),
        is_locked=False,
    ),
    lambda rows: tuple(map(_Numbered._make, rows)),
)
"""The lots of an account, ordered by the moment from which they are effective and then by number.

The rows are not locked: the family ``ledger`` locks the account's discount by name.
"""
_ARRIVING: Final = RowSet(Column("place", COUNT), _L.account, _L.effective_from, _L.unused)
_ONE: Final = (_L.account == bindparam("of"), _L.number == bindparam("which"))
_LESS: Final = update(LOTS).where(*_ONE)
_GONE: Final = delete(LOTS).where(*_ONE)
_NONE: Final = Decimal("0.00")


def _arrived(arriving: FromClause) -> Select[Any]:
    """Return the new lots with their numbers, which continue each account's numbers in the order of ``place``."""
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
    """The lots of all accounts; :meth:`put` and :meth:`take` lock the discount of their account by name."""

    work: Work

    def of(self, account: str) -> tuple[Lot, ...]:
        """Return an account's lots, ordered by the moment from which they are effective and then by arrival."""
        return tuple((row.effective_from, row.unused) for row in self._rows(account))

    def unused(self, account: str) -> Decimal:
        """Return the unused amount of all lots of an account together."""
        return sum((row.unused for row in self._rows(account)), _NONE)

    def add(self, arriving: Iterable[tuple[str, Lot]]) -> None:
        """Add lots to many accounts by one statement, without a lock on any account.

        :raises ConcurrentChange: other transactions took the next numbers in every attempt.
        """
        if self.work.is_distributed:
            # Accounts lie on different nodes, so each is a statement of its own, under the lock of its account.
            for account, lot in arriving:
                self.put(account, [lot])
            return
        left = list(arriving)
        for _ in range(_TRIES):
            rows = [
                {"place": place, "account": account, "effective_from": effective_from, "unused": unused}
                for place, (account, (effective_from, unused)) in enumerate(left)
            ]
            # Two payers may compute the same next number on one account. The key keeps one of them out, and the next
            # attempt numbers its lots anew. The inserted rows are only counted, since equal lots may be exchanged.
            there = Counter(_NEW.into(self.work, rows))
            left = [lot for lot in left if not _counted_off(there, lot)]
            if not left:
                return
        raise ConcurrentChange("Too many lots arrive on the same account at the same time.")

    def put(self, account: str, arriving: Iterable[Lot]) -> None:
        """Add lots to one account, whose discount stays locked until the transaction ends."""
        lots = list(self._rows(account))  # this lookup takes the lock
        last = max([each.number for each in lots], default=0)
        for number, (effective_from, unused) in enumerate(arriving, last + 1):
            row = {"account": account, "number": number, "effective_from": effective_from, "unused": unused}
            self.work.write(_NEW_ONE, row)
            lots.append(_Numbered(number, effective_from, unused))
        self._keep(account, lots)

    def take(self, account: str, most: Decimal, *, by: datetime | None = None) -> list[Lot]:
        """Remove up to ``most`` from the lots that are effective at or before ``by``, oldest first.

        Returns the parts that were removed. A lot that is used up is deleted, and the last one may be reduced.
        """
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
        return self.work.ask(LOTS_OF, account)

    def _keep(self, account: str, lots: Iterable[_Numbered]) -> None:
        self.work.keep(LOTS_OF, account, tuple(sorted(lots, key=_in_order)))


def _in_order(lot: _Numbered) -> tuple[datetime, int]:
    return lot.effective_from, lot.number


def _counted_off(there: Counter[tuple[Any, ...]], arriving: tuple[str, Lot]) -> bool:
    """Remove one equal lot from the count of inserted lots, and tell whether there was one."""
    account, (effective_from, unused) = arriving
    if not there[account, effective_from, unused]:
        return False
    there[account, effective_from, unused] -= 1
    return True


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
LAST_MOVED: Final[Lookup[datetime | None]] = Lookup(
    Lockable(
        select(func.max(MOVEMENTS.c.moved_at).label("moved_at")).where(MOVEMENTS.c.account == bindparam("of")),
        is_locked=False,
    ),
    lambda rows: rows[0].moved_at,
)
"""The moment of the last movement on an account, ``None`` if there was none."""
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
_SUMS_BY: Final = _SUMS.where(MOVEMENTS.c.moved_at <= bindparam("by"))


class SqlContinuousDiscounts:
    """Billing in a database, in one currency, inside the store's transactions.

    Every account has lots of unused discount, ordered by the moment from which they are effective and then by arrival.
    On each account ``granted + transferred_in = consumed + transferred_out + unused`` to the cent. The first four are
    sums of movements, and ``unused`` is the sum of the lots.
    """

    def __init__(self, work: Work, *, currency: str = "EUR") -> None:
        self.work = work
        self._currency = currency
        self._lots = Lots(work)

    @joined
    def grant(self, grant: Grant) -> None:
        """Write the key, the movement and the lot of a grant; a known key writes nothing (B2).

        A grant of zero is remembered by its key alone.

        :raises Refusal: ``currency-mismatch`` when the grant is in another currency (M3).
        """
        amount = self._amount(grant.amount)
        if self.work.ask(POSTED, grant.key):
            return
        self.work.write(_NEW_GRANT, {"key": grant.key})
        self.work.keep(POSTED, grant.key, True)
        if amount:
            self._move(grant.account, "granted", grant.key, amount, grant.effective_from)
            self._lots.put(grant.account, [(grant.effective_from, amount)])

    def has_grant(self, key: str) -> bool:
        """Tell whether a grant was posted under this key, by one look at the primary key."""
        return self.work.ask(POSTED, key)

    @atomic
    def grant_all(self, grants: Sequence[Grant]) -> Mapping[str, Reason]:
        """Post grants by three statements for all of them: keys, movements and lots.

        Returns the reasons of the refused grants by key: ``currency-mismatch`` (M3).
        """
        wrong = {grant.key: Reason.CURRENCY_MISMATCH for grant in grants if grant.amount.currency != self._currency}
        rows = [{"key": grant.key} for grant in grants if grant.key not in wrong]
        # Of two payers who post the same key only one gets it back here, and only that one writes movements.
        new = {key for (key,) in _NEW_GRANTS.into(self.work, rows)}
        # In order of account: two payers who post to common accounts cannot deadlock.
        arriving = {grant.key: grant for grant in sorted(grants, key=_account) if grant.key in new and grant.amount}
        if arriving:
            _NEW_MOVEMENTS.into(
                self.work,
                [
                    _movement(grant.account, "granted", key, grant.amount.amount, grant.effective_from)
                    for key, grant in arriving.items()
                ],
            )
            self._lots.add((grant.account, (grant.effective_from, grant.amount.amount)) for grant in arriving.values())
        return wrong

    def granted_among(self, keys: Collection[str]) -> frozenset[str]:
        """Return the keys under which a grant was posted, by one statement for all keys."""
        given = _KEYS.given(self.work, [{"key": key} for key in keys])
        return frozenset(row.key for row in self.work.rows(_POSTED_AMONG[self.work.dialect], given))

    @joined
    def bill(self, bill: str, account: str, amount: Money, *, at: datetime) -> Money:
        """Use up the account's lots that are effective by ``at``, oldest first, and return the amount used (B6).

        The bill is stored even if it uses nothing.

        :raises Refusal: ``bill-exists`` when the bill was applied before, even if it used nothing;
            ``currency-mismatch`` when the bill is in another currency (M3).
        """
        most = self._amount(amount)
        if self.work.ask(BILLED, bill):
            raise Refusal(Reason.BILL_EXISTS, message=f"bill {bill} was taken into account before", field="bill")
        self.work.write(_NEW_BILL, {"bill": bill, "account": account})
        self.work.keep(BILLED, bill, True)
        taken = sum((part for _, part in self._lots.take(account, most, by=at)), _NONE)
        if taken:
            self._move(account, "consumed", bill, taken, self._following(at, account))
        return self._money(taken)

    @joined
    def transfer(self, source: str, target: str, amount: Money | None, *, at: datetime, key: str) -> Money:
        """Move lots from one account to another, oldest first, and return the amount moved; ``None`` moves all (B7).

        Returns what was moved. Every lot keeps the moment it is effective from, whenever it is moved; one that is
        moved in part is split. Under a ``key`` that stands for the same transfer nothing is moved, and what was moved
        is returned.

        :raises Refusal: ``amount-exceeds-unused`` when there is less on ``source``; ``currency-mismatch`` (M3).
        :raises KeyReused: the key stands for another transfer.
        """
        wanted = None if amount is None else self._amount(amount)
        # Both accounts in one call, which sorts the locks: two opposite transfers cannot deadlock.
        self.work.look_ahead([("ledger", source), ("ledger", target)])
        before = self.work.ask(MOVED, key)
        if before is not None:
            return self._money(before.repeated(source, target, wanted))
        unused = self._lots.unused(source)
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
        if most:
            moved_at = self._following(at, source, target)
            self._move(source, "transferred_out", key, most, moved_at)
            self._move(target, "transferred_in", key, most, moved_at)
            self._lots.put(target, self._lots.take(source, most))
        return self._money(most)

    def balance(self, account: str, *, by: datetime | None = None) -> Balance:
        """Return the account's movements, summed by kind in the database; all zero if it has none.

        With ``by`` only movements up to and at that moment are summed. Otherwise a second statement reads the parts of
        the unused discount, unless there is none.
        """
        of = {"of": account}
        rows = self.work.rows(_SUMS, of) if by is None else self.work.rows(_SUMS_BY, {**of, "by": by})
        sums = {row.kind: self._money(row.amount) for row in rows}
        nothing = self._money(_NONE)
        balance = Balance(
            granted=sums.get("granted", nothing),
            transferred_in=sums.get("transferred_in", nothing),
            transferred_out=sums.get("transferred_out", nothing),
            consumed=sums.get("consumed", nothing),
        )
        if by is not None or not balance.unused:
            return balance
        return attrs.evolve(balance, parts=tuple(UnusedPart(*lot) for lot in self.lots(account)))

    def movements(self, account: str) -> tuple[Movement, ...]:
        """Return all movements of an account by moment, each with the unused discount after it.

        One statement reads them, and :func:`~referral_core.entities.balance.statement` puts them in order.
        """
        return statement(
            (
                (row.moved_at, MovementKind(row.kind.replace("_", "-")), self._money(row.amount), row.reference)
                for row in self.work.rows(_MOVEMENTS, {"of": account})
            ),
            self._currency,
        )

    def lots(self, account: str) -> tuple[tuple[datetime, Money], ...]:
        """Return the parts of the unused discount, oldest first, each with the moment from which bills may use it."""
        return tuple((effective_from, self._money(unused)) for effective_from, unused in self._lots.of(account))

    def _following(self, at: datetime, *accounts: str) -> datetime:
        """Return the moment of a new movement: ``at``, or the last movement of the accounts if that is later."""
        moments = [moved for account in accounts if (moved := self.work.ask(LAST_MOVED, account)) is not None]
        return learned_at(at, max(moments, default=None))

    def _move(self, account: str, kind: str, reference: str, amount: Decimal, moved_at: datetime) -> None:
        last = self.work.ask(LAST_MOVED, account)
        self.work.write(_NEW_MOVEMENT, _movement(account, kind, reference, amount, moved_at))
        self.work.keep(LAST_MOVED, account, moved_at if last is None else max(last, moved_at))

    def _amount(self, money: Money) -> Decimal:
        if money.currency != self._currency:
            raise Refusal(Reason.CURRENCY_MISMATCH, message=f"{money} is not in {self._currency}", field="amount")
        return money.amount

    def _money(self, amount: Decimal) -> Money:
        return Money(amount, self._currency)


def _movement(account: str, kind: str, reference: str, amount: Decimal, moved_at: datetime) -> dict[str, Any]:
    """Return the row of a movement."""
    return {"account": account, "kind": kind, "reference": reference, "amount": amount, "moved_at": moved_at}


def _account(grant: Grant) -> str:
    return grant.account
