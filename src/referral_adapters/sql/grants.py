"""Grants in a database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs
from sqlalchemy import bindparam, select, text, update

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.referral_tables import GRANTS
from referral_adapters.sql.statements import Insertion, Pages, locking, without
from referral_adapters.sql.work import Work
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.values.money import Money

_ONE: Final = (GRANTS.c.referral == bindparam("of"), GRANTS.c.side == bindparam("on"))
_BY_KEY: Final = locking(select(GRANTS).where(*_ONE))
_UNSETTLED: Final = (
    select(GRANTS)
    .where(text("status <> 'granted'"), GRANTS.c.key > bindparam("above"))  # as the partial index says it
    .order_by(GRANTS.c.key)
    .limit(bindparam("most"))
)
_ALL: Final = Pages(select(GRANTS), GRANTS.c.key)
_OF_ACCOUNT: Final = Pages(select(GRANTS).where(GRANTS.c.account == bindparam("of")), GRANTS.c.key)
_NEW: Final = Insertion(GRANTS)
_CHANGE: Final = update(GRANTS).where(*_ONE, GRANTS.c.account == bindparam("whose"))


@attrs.frozen
class SqlGrants:
    """The port ``Grants`` in a database, which itself guards one leg a side by a key (B2).

    In a PostgreSQL transaction ``find`` locks the leg.
    """

    work: Work

    def find(self, key: str) -> Grant | None:
        """Return the leg with this idempotency key."""
        side, _, referral = key.partition("/")
        row = self.work.row(_BY_KEY(self.work), {"of": referral, "on": side})
        return None if row is None else grant_of(row)

    @joined
    def add(self, grant: Grant) -> None:
        """Store a new leg; one that is already there is left as it is (B2)."""
        _NEW.into(self.work, grant_row(grant))

    @joined
    def replace(self, grant: Grant) -> None:
        """Store the next state of a leg.

        :raises LookupError: there is no such leg of this account.
        """
        found_by = {"of": grant.referral, "on": grant.side.value, "whose": grant.account}
        row = {**without(grant_row(grant), "referral"), **found_by}
        if not self.work.change(_CHANGE, row):
            raise LookupError(f"there is no leg {grant.key!r} of account {grant.account!r}")

    def unsettled(self, limit: int, after: str = "") -> tuple[Grant, ...]:
        """Return up to ``limit`` legs that billing has not confirmed, with keys above ``after``, in order of key."""
        return tuple(map(grant_of, self.work.rows(_UNSETTLED, {"most": limit, "above": after})))

    def all(self, *, account: str | None = None) -> Iterator[Grant]:
        """Yield every leg, or those of one account, in order of key, without holding them all."""
        if account is None:
            return _ALL.read(self.work, grant_of)
        return _OF_ACCOUNT.read(self.work, grant_of, of=account)


def grant_row(grant: Grant) -> dict[str, Any]:
    """Return the row of a leg."""
    return {
        "referral": grant.referral,
        "side": grant.side.value,
        "key": grant.key,
        "account": grant.account,
        "amount": grant.amount.amount,
        "currency": grant.amount.currency,
        "effective_from": grant.effective_from,
        "status": grant.status.value,
        "attempts": grant.attempts,
    }


def grant_of(row: Row) -> Grant:
    """Return the leg of a row."""
    return Grant(
        referral=row.referral,
        side=Side(row.side),
        account=row.account,
        amount=Money(row.amount, row.currency),
        effective_from=row.effective_from,
        status=GrantStatus(row.status),
        attempts=row.attempts,
    )
