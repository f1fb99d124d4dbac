"""Grants in a database, on their way to billing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import Column, Executable, FromClause, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_into_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_into_sqlite

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.errors import StoreFailed
from referral_adapters.sql.prepared import Lockable
from referral_adapters.sql.rows import Rows
from referral_adapters.sql.statements import Pages, RowSet, without
from referral_adapters.sql.tables import GRANTS
from referral_adapters.sql.unit_of_work import Lookup
from referral_adapters.sql.work import Work
from referral_core.entities.grant import Grant
from referral_core.ports.grants import Step

_BY_KEY: Final = Lockable(select(GRANTS).where(GRANTS.c.key == bindparam("of")))
# The first condition is the one of the partial index, which a database recognises in this form only.
_OPEN: Final = text("status <> 'granted' AND status <> 'held' AND status <> 'void'")
_DUE: Final = (
    select(GRANTS)
    .where(GRANTS.c.wait_until <= bindparam("by"))  # what is granted, stopped or stuck waits for nothing
    .order_by(GRANTS.c.wait_until, GRANTS.c.key)
    .limit(bindparam("most"))
)
_DUE_AND_FREE: Final = _DUE.with_for_update(skip_locked=True)
_ALL: Final = Pages(select(GRANTS), GRANTS.c.key)
_ALL_OPEN: Final = Pages(select(GRANTS).where(_OPEN), GRANTS.c.key)
_BY_SIDE: Final = (GRANTS.c.side, GRANTS.c.referral)  # on one account the order of keys, along the primary key
_OF_ACCOUNT: Final = Pages(select(GRANTS).where(GRANTS.c.account == bindparam("of")), *_BY_SIDE)
_OPEN_OF_ACCOUNT: Final = Pages(select(GRANTS).where(_OPEN, GRANTS.c.account == bindparam("of")), *_BY_SIDE)
ROWS: Final = Rows(Grant, GRANTS)
DUE: Final[Lookup[tuple[Grant, ...]]] = Lookup(
    Lockable(select(GRANTS).where(_OPEN, GRANTS.c.account == bindparam("of")).order_by(*_BY_SIDE), is_locked=False),
    lambda rows: tuple(map(ROWS.entity, rows)),
)
"""The grants of an account for which a payer has something to do."""
_NEW: Final = {
    "postgresql": insert_into_postgresql(GRANTS).on_conflict_do_nothing(),
    "sqlite": insert_into_sqlite(GRANTS).on_conflict_do_nothing(),
}
_IDENTITY: Final = ("referral", "side", "account")
_STATE: Final = ("status", "attempts", "wait_until")
_CHANGING: Final = (*_STATE, "problem", "failed_at")
_STEPS: Final = RowSet(
    *(GRANTS.c[name] for name in (*_IDENTITY, *_CHANGING)),
    *(Column(f"was_{name}", GRANTS.c[name].type) for name in _STATE),
)


def _changing(steps: FromClause) -> Executable:
    """Return the update of the grants that are still in the state in which their steps begin."""
    same = [GRANTS.c[name] == steps.c[name] for name in _IDENTITY]
    as_it_was = [GRANTS.c[name].is_not_distinct_from(steps.c[f"was_{name}"]) for name in _STATE]
    next_state = {name: steps.c[name] for name in _CHANGING}
    return update(GRANTS).where(*same, *as_it_was).values(next_state).returning(GRANTS.c.key)


_CHANGE: Final = _STEPS.statements(_changing)
_CHANGE_ONE: Final = (
    update(GRANTS)
    .where(*[GRANTS.c[name] == bindparam(f"of_{name}") for name in _IDENTITY])
    .where(
        *[GRANTS.c[name].is_not_distinct_from(bindparam(f"was_{name}", type_=GRANTS.c[name].type)) for name in _STATE]
    )
    .values({name: bindparam(name, type_=GRANTS.c[name].type) for name in _CHANGING})
)


@attrs.frozen
class SqlGrants:
    """Grants in a database, whose keys guard that a referral has one grant a side (B2).

    In a PostgreSQL transaction ``find`` and ``unsettled`` lock the rows that they return. ``unsettled`` skips rows that
    another transaction has locked, so that concurrent payers get different pages.
    """

    work: Work

    def find(self, key: str) -> Grant | None:
        """Return the grant with this key, by the index of keys, locked ``FOR UPDATE`` in a PostgreSQL transaction."""
        row = self.work.row(_BY_KEY(self.work), {"of": key})
        return None if row is None else grant_of(row)

    @joined
    def add(self, grant: Grant) -> None:
        """Insert a grant ``ON CONFLICT DO NOTHING``: a stored grant with the same key stays unchanged (B2).

        :raises StoreFailed: the key or the account contains a zero character, which no payer could write in a step.
        """
        if "\0" in grant.key or "\0" in grant.account:
            raise StoreFailed("A text holds a character that the database cannot keep.")
        # Only where the unsettled grants of the account are known does the lookup need a correction. Otherwise its
        # table is marked as having writes that no lookup knows of.
        due = self.work.known(DUE, grant.account)
        self.work.write(_NEW[self.work.dialect], ROWS.row(grant, key=grant.key), told=due is not None)
        if due is not None and not grant.is_settled:
            others = [each for each in due if each.key != grant.key]
            if len(others) == len(due):
                self.work.keep(DUE, grant.account, tuple(sorted([*others, grant], key=_key)))

    @joined
    def change(self, steps: Sequence[Step]) -> tuple[Grant, ...]:
        """Update the grants whose ``state`` is still the one that was read, and return those, in order of steps.

        One conditional update takes all steps; on a cluster each grant has an update of its own.
        """
        if not steps:
            return ()
        rows = [_step_row(before, after) for before, after in steps]
        if self.work.is_distributed:  # grants lie on different nodes, by their accounts
            return tuple([after for row, (_, after) in zip(rows, steps, strict=True) if self._is_changed(row)])
        changed = {row.key for row in self.work.rows(_CHANGE[self.work.dialect], _STEPS.given(self.work, rows))}
        return tuple(after for _, after in steps if after.key in changed)

    def unsettled(self, by: datetime, limit: int) -> tuple[Grant, ...]:
        """Return up to ``limit`` unsettled grants that wait until ``by`` at the latest, in order of wait and then key.

        The partial index of waiting grants has this order. In a PostgreSQL transaction the rows are locked ``FOR UPDATE
        SKIP LOCKED``.
        """
        # Citus locks no rows across nodes. Two payers may read the same grant there; :meth:`change` gives it to one.
        statement = _DUE_AND_FREE if self.work.locks and not self.work.is_distributed else _DUE
        return tuple(map(grant_of, self.work.rows(statement, {"by": by, "most": limit})))

    def all(self, *, account: str | None = None, unsettled: bool = False) -> Iterator[Grant]:
        """Yield every grant, or those of one account, or those with something to do for a payer, in order of key.

        All grants follow the index of keys, unsettled ones its partial index, and those of an account the primary key.
        """
        if account is None:
            return (_ALL_OPEN if unsettled else _ALL).read(self.work, grant_of)
        if unsettled and self.work.has_unit:
            due = self.work.ask(DUE, account)
            return iter(due)
        return (_OPEN_OF_ACCOUNT if unsettled else _OF_ACCOUNT).read(self.work, grant_of, of=account)

    def _is_changed(self, row: dict[str, Any]) -> bool:
        of_one = {f"of_{name}": row[name] for name in _IDENTITY}
        return self.work.change(_CHANGE_ONE, {**of_one, **without(row, *_IDENTITY)}) == 1


def _step_row(before: Grant, after: Grant) -> dict[str, Any]:
    """Return the row of a step: the identity of the grant, its next state, and the state that it must have now."""
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


def _key(grant: Grant) -> str:
    return grant.key


grant_of = ROWS.entity
