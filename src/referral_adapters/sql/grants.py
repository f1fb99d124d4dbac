"""Grants and reversals in a database, on their way to billing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar, Final, Generic, TypeVar

import attrs
from sqlalchemy import Column, Executable, FromClause, Table, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_into_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_into_sqlite

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.errors import StoreFailed
from referral_adapters.sql.prepared import Lockable
from referral_adapters.sql.rows import Rows
from referral_adapters.sql.statements import Pages, RowSet, without
from referral_adapters.sql.tables import GRANTS, REVERSALS
from referral_adapters.sql.unit_of_work import Lookup
from referral_adapters.sql.work import Work
from referral_core.entities.grant import Grant
from referral_core.entities.reversal import Reversal
from referral_core.ports.grants import Posting

P = TypeVar("P", bound=Posting)
_IDENTITY: Final = ("referral", "side", "account")
_STATE: Final = ("status", "attempts", "wait_until")
_by_key: Final = attrgetter("key")


class _Queries(Generic[P]):
    """The statements over one table of postings.

    ``open`` is the condition of those that are not settled, which begins with that of the partial index: a database
    recognises it in this form only. ``changing`` are the columns that payers change, beside those of the state.
    """

    def __init__(self, kind: type[P], table: Table, is_open: str, changing: tuple[str, ...]) -> None:
        c = self.columns = table.c
        unsettled, of_account = text(is_open), c.account == bindparam("of")
        by_side = (c.side, c.referral)  # on one account the order of a grant's key, along the primary key
        self.rows = Rows(kind, table)
        self.changing = (*_STATE, *changing)
        self.by_key = Lockable(select(table).where(c.key == bindparam("of")))
        self.due = (
            select(table)
            .where(c.wait_until <= bindparam("by"))  # what is settled or stuck waits for nothing
            .order_by(c.wait_until, c.key)
            .limit(bindparam("most"))
        )
        self.due_and_free = self.due.with_for_update(skip_locked=True)
        self.all = Pages(select(table), c.key)
        self.all_open = Pages(select(table).where(unsettled), c.key)
        self.of_account = Pages(select(table).where(of_account), *by_side)
        self.open_of_account = Pages(select(table).where(unsettled, of_account), *by_side)
        read = self.rows.entity
        self.open_there: Lookup[tuple[P, ...]] = Lookup(
            Lockable(select(table).where(unsettled, of_account).order_by(*by_side), is_locked=False),
            lambda rows: tuple(map(read, rows)),
        )
        self.new = {
            "postgresql": insert_into_postgresql(table).on_conflict_do_nothing(),
            "sqlite": insert_into_sqlite(table).on_conflict_do_nothing(),
        }
        self.steps = RowSet(
            *(c[name] for name in (*_IDENTITY, *self.changing)),
            *(Column(f"was_{name}", c[name].type) for name in _STATE),
        )
        self.change = self.steps.statements(lambda steps: self._changing(table, steps))
        self.change_one = (
            update(table)
            .where(*[c[name] == bindparam(f"of_{name}") for name in _IDENTITY])
            .where(*[c[name].is_not_distinct_from(bindparam(f"was_{name}", type_=c[name].type)) for name in _STATE])
            .values({name: bindparam(name, type_=c[name].type) for name in self.changing})
        )

    def step(self, before: P, after: P) -> dict[str, Any]:
        """Return the row of a step: the identity, the next state, and the state that must be the present one."""
        row = self.rows.row(after)
        status, attempts, wait_until = before.state
        return {
            **{name: row[name] for name in (*_IDENTITY, *self.changing)},
            "account": before.account,
            "was_status": status.value,
            "was_attempts": attempts,
            "was_wait_until": wait_until,
        }

    def _changing(self, table: Table, steps: FromClause) -> Executable:
        """Return the update of the rows that are still in the state in which their steps begin."""
        c = table.c
        same = [c[name] == steps.c[name] for name in _IDENTITY]
        as_it_was = [c[name].is_not_distinct_from(steps.c[f"was_{name}"]) for name in _STATE]
        next_state = {name: steps.c[name] for name in self.changing}
        return update(table).where(*same, *as_it_was).values(next_state).returning(c.key)


_GRANTS: Final = _Queries(
    Grant,
    GRANTS,
    "status <> 'granted' AND status <> 'held' AND status <> 'void'",
    ("problem", "failed_at", "posted_at"),
)
_REVERSALS: Final = _Queries(
    Reversal, REVERSALS, "status <> 'taken-back'", ("problem", "failed_at", "amount", "currency")
)
ROWS: Final = _GRANTS.rows
DUE: Final = _GRANTS.open_there
"""The grants of an account for which a payer has something to do."""
REVERSALS_DUE: Final = _REVERSALS.open_there
"""The reversals on an account that billing has not confirmed."""


@attrs.frozen
class SqlPostings(Generic[P]):
    """Grants or reversals in a database, one posting a key.

    In a PostgreSQL transaction ``find`` and ``unsettled`` lock the rows that they return. ``unsettled`` skips rows that
    another transaction has locked, so that concurrent payers get different pages.
    """

    queries: ClassVar[_Queries[Any]]
    work: Work

    def find(self, key: str) -> P | None:
        """Return the posting with this key, by the index of keys, locked ``FOR UPDATE`` in a PostgreSQL transaction."""
        row = self.work.row(self.queries.by_key(self.work), {"of": key})
        return None if row is None else self._read(row)

    @joined
    def add(self, posting: P) -> None:
        """Insert a posting ``ON CONFLICT DO NOTHING``: a stored one with the same key stays unchanged (B2).

        :raises StoreFailed: the key or the account contains a zero character, which no payer could write in a step.
        """
        if "\0" in posting.key or "\0" in posting.account:
            raise StoreFailed("A text holds a character that the database cannot keep.")
        # Only where the unsettled postings of the account are known does the lookup need a correction. Otherwise its
        # table is marked as having writes that no lookup knows of.
        queries, lookup = self.queries, self.queries.open_there
        due = self.work.known(lookup, posting.account)
        row = queries.rows.row(posting, key=posting.key)
        self.work.write(queries.new[self.work.dialect], row, told=due is not None)
        if due is not None and not posting.is_settled:
            others = [each for each in due if each.key != posting.key]
            if len(others) == len(due):
                self.work.keep(lookup, posting.account, tuple(sorted([*others, posting], key=_by_key)))

    @joined
    def change(self, steps: Sequence[tuple[P, P]]) -> tuple[P, ...]:
        """Update the postings whose ``state`` is still the one that was read, and return those, in order of steps.

        One conditional update takes all steps; on a cluster each posting has an update of its own.
        """
        if not steps:
            return ()
        queries = self.queries
        rows = [queries.step(before, after) for before, after in steps]
        if self.work.is_distributed:  # postings lie on different nodes, by their accounts
            return tuple([after for row, (_, after) in zip(rows, steps, strict=True) if self._is_changed(row)])
        given = queries.steps.given(self.work, rows)
        changed = {row.key for row in self.work.rows(queries.change[self.work.dialect], given)}
        return tuple(after for _, after in steps if after.key in changed)

    def unsettled(self, by: datetime, limit: int) -> tuple[P, ...]:
        """Return up to ``limit`` unsettled postings that wait until ``by`` at the latest, in order of wait and key.

        The partial index of what waits has this order. In a PostgreSQL transaction the rows are locked ``FOR UPDATE
        SKIP LOCKED``.
        """
        # Citus locks no rows across nodes. Two payers may read the same posting there; :meth:`change` gives it to one.
        is_free = self.work.locks and not self.work.is_distributed
        statement = self.queries.due_and_free if is_free else self.queries.due
        return tuple(map(self._read, self.work.rows(statement, {"by": by, "most": limit})))

    def all(self, *, account: str | None = None, unsettled: bool = False) -> Iterator[P]:
        """Yield every posting, or those of one account, or those with something to do for a payer, in order of key.

        All follow the index of keys, unsettled ones its partial index, and those of an account the primary key.
        """
        queries = self.queries
        if account is None:
            return (queries.all_open if unsettled else queries.all).read(self.work, self._read)
        if unsettled and self.work.has_unit:
            there: tuple[P, ...] = self.work.ask(queries.open_there, account)
            return iter(there)
        return (queries.open_of_account if unsettled else queries.of_account).read(self.work, self._read, of=account)

    def _read(self, row: Any) -> P:  # noqa: ANN401 - a row
        posting: P = self.queries.rows.entity(row)
        return posting

    def _is_changed(self, row: dict[str, Any]) -> bool:
        of_one = {f"of_{name}": row[name] for name in _IDENTITY}
        return self.work.change(self.queries.change_one, {**of_one, **without(row, *_IDENTITY)}) == 1


class SqlGrants(SqlPostings[Grant]):
    """Grants in a database, whose keys guard that a referral has one grant a side (B2)."""

    queries = _GRANTS


_OF_REFERRAL: Final = (
    select(REVERSALS).where(REVERSALS.c.referral == bindparam("of")).order_by(REVERSALS.c.side, REVERSALS.c.account)
)


class SqlReversals(SqlPostings[Reversal]):
    """Reversals in a database, whose primary key guards that a grant has one reversal an account (B11)."""

    queries = _REVERSALS

    def of_referral(self, contract: str) -> tuple[Reversal, ...]:
        """Return the reversals of both grants of a contract's referral, by the index of referrals."""
        return tuple(map(self._read, self.work.rows(_OF_REFERRAL, {"of": contract})))
