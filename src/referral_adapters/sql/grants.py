"""Grants in a database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import Column, Executable, FromClause, bindparam, select, text, update

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.errors import StoreFailed
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.referral_tables import GRANTS
from referral_adapters.sql.row_set import RowSet
from referral_adapters.sql.statements import Insertion, Pages, locking
from referral_adapters.sql.work import Work
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.ports.grants import Step
from referral_core.values.money import Money

_ONE: Final = (GRANTS.c.referral == bindparam("of"), GRANTS.c.side == bindparam("on"))
_BY_KEY: Final = locking(select(GRANTS).where(*_ONE))
_OPEN: Final = text("status <> 'granted'")  # as the partial index says it
_DUE: Final = (
    select(GRANTS)
    .where(GRANTS.c.wait_until <= bindparam("by"))  # what is granted, or stuck, waits for nothing
    .order_by(GRANTS.c.wait_until, GRANTS.c.key)
    .limit(bindparam("most"))
)
_DUE_AND_FREE: Final = _DUE.with_for_update(skip_locked=True)
_ALL: Final = Pages(select(GRANTS), GRANTS.c.key)
_ALL_OPEN: Final = Pages(select(GRANTS).where(_OPEN), GRANTS.c.key)
_OF_ACCOUNT: Final = Pages(select(GRANTS).where(GRANTS.c.account == bindparam("of")), GRANTS.c.key)
_OPEN_OF_ACCOUNT: Final = Pages(select(GRANTS).where(_OPEN, GRANTS.c.account == bindparam("of")), GRANTS.c.key)
_NEW: Final = Insertion(GRANTS)
_IDENTITY: Final = ("referral", "side", "account")
_STATE: Final = ("status", "attempts", "wait_until")
_CHANGING: Final = (*_STATE, "problem", "failed_at")
_STEPS: Final = RowSet(
    *(GRANTS.c[name] for name in (*_IDENTITY, *_CHANGING)),
    *(Column(f"was_{name}", GRANTS.c[name].type) for name in _STATE),
)


def _changing(steps: FromClause) -> Executable:
    same = [GRANTS.c[name] == steps.c[name] for name in _IDENTITY]
    as_it_was = [GRANTS.c[name].is_not_distinct_from(steps.c[f"was_{name}"]) for name in _STATE]
    next_state = {name: steps.c[name] for name in _CHANGING}
    return update(GRANTS).where(*same, *as_it_was).values(next_state).returning(GRANTS.c.key)


_CHANGE: Final = _STEPS.statements(_changing)


@attrs.frozen
class SqlGrants:
    """Grants in a database, which itself guards one leg a side by a key (B2).

    In a PostgreSQL transaction ``find`` and ``unsettled`` lock what they return, and ``unsettled`` leaves out what
    another transaction has locked.
    """

    work: Work

    def find(self, key: str) -> Grant | None:
        """Return the leg with this idempotency key."""
        side, _, referral = key.partition("/")
        row = self.work.row(_BY_KEY(self.work), {"of": referral, "on": side})
        return None if row is None else grant_of(row)

    @joined
    def add(self, grant: Grant) -> None:
        """Store a new leg; one that is already there is left as it is (B2).

        :raises StoreFailed: a zero character is in its key or account, so that no payer could ever take it.
        """
        if "\0" in grant.key or "\0" in grant.account:
            raise StoreFailed("A text holds a character that the database cannot keep.")
        _NEW.into(self.work, grant_row(grant))

    @joined
    def change(self, steps: Sequence[Step]) -> tuple[Grant, ...]:
        """Store the next state of each leg whose state is what it was; return the legs that are so because of that."""
        if not steps:
            return ()
        rows = [_step_row(before, after) for before, after in steps]
        changed = {row.key for row in self.work.rows(_CHANGE[self.work.dialect], _STEPS.given(self.work, rows))}
        return tuple(after for _, after in steps if after.key in changed)

    def unsettled(self, by: datetime, limit: int) -> tuple[Grant, ...]:
        """Return up to ``limit`` legs that billing has not confirmed and that wait until ``by`` at the latest.

        Those that have waited longest come first, then in order of key.
        """
        statement = _DUE_AND_FREE if self.work.locks else _DUE
        return tuple(map(grant_of, self.work.rows(statement, {"by": by, "most": limit})))

    def all(self, *, account: str | None = None, unsettled: bool = False) -> Iterator[Grant]:
        """Yield every leg, or those of one account, or those that billing has not confirmed, in order of key.

        They are read by pages, none held for long.
        """
        if account is None:
            return (_ALL_OPEN if unsettled else _ALL).read(self.work, grant_of)
        return (_OPEN_OF_ACCOUNT if unsettled else _OF_ACCOUNT).read(self.work, grant_of, of=account)


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
        "wait_until": grant.wait_until,
        "problem": grant.problem,
        "failed_at": grant.failed_at,
    }


def _step_row(before: Grant, after: Grant) -> dict[str, Any]:
    """Return the row of a step: which leg, what it is to be, and what it must be for that."""
    status, attempts, wait_until = before.state
    return {
        "referral": after.referral,
        "side": after.side.value,
        "account": before.account,
        "status": after.status.value,
        "attempts": after.attempts,
        "wait_until": after.wait_until,
        "problem": after.problem,
        "failed_at": after.failed_at,
        "was_status": status.value,
        "was_attempts": attempts,
        "was_wait_until": wait_until,
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
        wait_until=row.wait_until,
        problem=row.problem,
        failed_at=row.failed_at,
    )
