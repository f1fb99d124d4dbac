"""Billing in a database: the ledger of continuous bill discounts, beside everything else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import attrs
from sqlalchemy import bindparam, func, insert, select

from referral_adapters.sql.atomic import atomic
from referral_adapters.sql.billing_tables import BILLS, MOVEMENTS, POSTED_GRANTS, TRANSFERS
from referral_adapters.sql.lots import Lots
from referral_adapters.sql.row_set import BulkInsertion, RowSet
from referral_adapters.sql.statements import Insertion
from referral_adapters.sql.work import Work
from referral_core.entities.balance import Balance, UnusedPart
from referral_core.entities.grant import Grant
from referral_core.entities.movement import Movement, MovementKind, statement
from referral_core.values.errors import Refusal
from referral_core.values.money import Money
from referral_core.values.reason import Reason
from referral_core.values.recorded import learned_at

_NEW_GRANT: Final = Insertion(POSTED_GRANTS)
_NEW_GRANTS: Final = BulkInsertion(POSTED_GRANTS)
_NEW_BILL: Final = Insertion(BILLS)
_NEW_TRANSFER: Final = Insertion(TRANSFERS)
_POSTED: Final = select(POSTED_GRANTS).where(POSTED_GRANTS.c.key == bindparam("of"))
_MOVED: Final = select(TRANSFERS.c.moved).where(TRANSFERS.c.key == bindparam("of"))
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
_LAST_MOVED: Final = select(func.max(MOVEMENTS.c.moved_at).label("moved_at")).where(
    (MOVEMENTS.c.account == bindparam("of")) | (MOVEMENTS.c.account == bindparam("or"))
)
_NONE: Final = Decimal("0.00")


class SqlContinuousDiscounts:
    """Billing in a database, in one currency, taking part in the store's transactions.

    Every account has lots, ordered by the moment they are effective from and then as they arrived. On each account, to
    the cent, ``granted + transferred_in = consumed + transferred_out + unused``, all of them sums of movements.
    """

    def __init__(self, work: Work, *, currency: str = "EUR") -> None:
        self.work = work
        self._currency = currency
        self._lots = Lots(work)

    @atomic
    def grant(self, grant: Grant) -> None:
        """Post a leg, effective from ``grant.effective_from``; a key that was posted before changes nothing (B2).

        :raises Refusal: ``currency-mismatch`` when it is in another currency (M3).
        """
        amount = self._amount(grant.amount)
        if not _NEW_GRANT.into(self.work, {"key": grant.key}) or not amount:
            return
        self._lock(grant.account)
        self._move(grant.account, "granted", grant.key, amount, grant.effective_from)
        self._lots.add([(grant.account, (grant.effective_from, amount))])

    def has_grant(self, key: str) -> bool:
        """Tell whether a leg was posted under this key."""
        return self.work.row(_POSTED, {"of": key}) is not None

    @atomic
    def grant_all(self, grants: Sequence[Grant]) -> Mapping[str, Reason]:
        """Post legs in one step, and return why some were not, by their keys: ``currency-mismatch`` (M3)."""
        wrong = {grant.key: Reason.CURRENCY_MISMATCH for grant in grants if grant.amount.currency != self._currency}
        rows = [{"key": grant.key} for grant in grants if grant.key not in wrong]
        new = {key for (key,) in _NEW_GRANTS.into(self.work, rows)}
        # In order of account, so that two who post to accounts in common do not wait for each other in a circle.
        arriving = {grant.key: grant for grant in sorted(grants, key=_account) if grant.key in new and grant.amount}
        if arriving:
            _NEW_MOVEMENTS.into(
                self.work,
                [
                    _movement(leg.account, "granted", key, leg.amount.amount, leg.effective_from)
                    for key, leg in arriving.items()
                ],
            )
            self._lots.add((leg.account, (leg.effective_from, leg.amount.amount)) for leg in arriving.values())
        return wrong

    def granted_among(self, keys: Collection[str]) -> frozenset[str]:
        """Return those of the keys under which a leg was posted."""
        given = _KEYS.given(self.work, [{"key": key} for key in keys])
        return frozenset(row.key for row in self.work.rows(_POSTED_AMONG[self.work.dialect], given))

    @atomic
    def bill(self, bill: str, account: str, amount: Money, *, at: datetime) -> Money:
        """Let a bill take what it can of the account's unused discount effective by ``at``, oldest grant first (B6).

        Returns what it took: the smaller of the bill and the unused discount.

        :raises Refusal: ``bill-exists`` when the bill was taken into account before, even if it took nothing;
            ``currency-mismatch`` (M3).
        """
        most = self._amount(amount)
        if not _NEW_BILL.into(self.work, {"bill": bill, "account": account}):
            raise Refusal(Reason.BILL_EXISTS, message=f"bill {bill} was taken into account before", field="bill")
        self._lock(account)
        taken = sum((part for _, part in self._lots.take(account, most, by=at)), _NONE)
        if taken:
            self._move(account, "consumed", bill, taken, self._following(at, account, account))
        return self._money(taken)

    @atomic
    def transfer(self, source: str, target: str, amount: Money | None, *, at: datetime, key: str) -> Money:
        """Move unused discount, oldest first, between accounts in one step; ``None`` moves all (B7).

        Returns what was moved. Every lot keeps the moment it is effective from, whenever it is moved; one that is
        moved in part is split. Under a ``key`` that was used before nothing is moved, and what was moved is returned.

        :raises Refusal: ``amount-exceeds-unused`` when there is less on ``source``; ``currency-mismatch`` (M3).
        """
        wanted = None if amount is None else self._amount(amount)
        self._lock(source, target)
        before = self.work.row(_MOVED, {"of": key})
        if before is not None:
            return self._money(before.moved)
        unused = self._lots.unused(source)
        most = unused if wanted is None else wanted
        if most > unused:
            raise Refusal(
                Reason.AMOUNT_EXCEEDS_UNUSED,
                message=f"{amount} is more than the unused {self._money(unused)} of account {source}",
                field="amount",
            )
        if not _NEW_TRANSFER.into(self.work, {"key": key, "moved": most}):  # of other accounts, a moment ago
            return self.transfer(source, target, amount, at=at, key=key)
        if most:
            moved_at = self._following(at, source, target)
            self._move(source, "transferred_out", key, most, moved_at)
            self._move(target, "transferred_in", key, most, moved_at)
            self._lots.add((target, lot) for lot in self._lots.take(source, most))
        return self._money(most)

    def balance(self, account: str, *, by: datetime | None = None) -> Balance:
        """Return the account's movements, up to and at ``by`` where that is given; all zero if it never had any."""
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
        """Return all that ever moved on an account, by moment, each with what was unused after it."""
        return statement(
            (
                (row.moved_at, MovementKind(row.kind.replace("_", "-")), self._money(row.amount), row.reference)
                for row in self.work.rows(_MOVEMENTS, {"of": account})
            ),
            self._currency,
        )

    def lots(self, account: str) -> tuple[tuple[datetime, Money], ...]:
        """Return what is unused, oldest first: each part with the moment from which bills may take it."""
        return tuple((effective_from, self._money(unused)) for effective_from, unused in self._lots.of(account))

    def _lock(self, *accounts: str) -> None:
        self.work.lock(*(f"discount {account}" for account in accounts))

    def _following(self, at: datetime, account: str, other: str) -> datetime:
        """Return when something that happened at ``at`` moves on accounts: never before what has moved there."""
        last = self.work.row(_LAST_MOVED, {"of": account, "or": other})
        return learned_at(at, None if last is None else last.moved_at)

    def _move(self, account: str, kind: str, reference: str, amount: Decimal, moved_at: datetime) -> None:
        self.work.change(_NEW_MOVEMENT, _movement(account, kind, reference, amount, moved_at))

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
