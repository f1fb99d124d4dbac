"""Work on a database: statements, and the transactions they belong to.

**SQLite** has one writer at a time: a transaction begins with ``BEGIN IMMEDIATE``, so what it reads is still so when
it writes.

**PostgreSQL** runs at ``READ COMMITTED``, where constraints decide every race, and a transaction that reads what it may
change locks it: contracts, accounts' contracts, referrals, legs and cases one by one. Promo codes and groups, which
many sign-ups read at once, are not locked; whoever stores a next state of one must have read the last one, else it is
told :class:`~referral_adapters.sql.errors.ConcurrentChange`. So is whoever PostgreSQL picks to end a deadlock.

A call outside of a transaction is one by itself and is tried again by itself.

An act that says what its arguments name (:meth:`Work.run`) is a :class:`~referral_adapters.sql.unit_of_work.Unit` on
PostgreSQL: it reads ahead by families of statements, and what it changes goes out in one at its end.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

from sqlalchemy import Executable

from referral_adapters.sql.connections import Connections, HostConnection
from referral_adapters.sql.errors import StoreFailed, translated
from referral_adapters.sql.prepared import Cursor, Parameters, Prepared, Row, prepared
from referral_adapters.sql.unit_of_work import Families, Family, Pending, Unit
from referral_core.values.errors import ConcurrentChange, ReferralError, Refusal

ATTEMPTS: Final = 6
"""How often a call outside of a transaction is tried before its caller is told of the conflict."""
_PAUSE: Final = 0.01

T = TypeVar("T")
End = tuple[int, str]
"""The end of a chain of the trace: how many rows it has, and the hash of the last."""


class Work:
    """The statements of a store; each thread has a transaction of its own."""

    def __init__(self, connections: Connections, families: Families | None = None) -> None:
        self._connections = connections
        self._families = families or Families()
        self._is_hosted = isinstance(connections, HostConnection)
        self._local = threading.local()
        self._database = connections.dialect
        self._driver_error: type[Exception] = self._database.loaded_dbapi.Error
        self._errors: tuple[type[Exception], ...] = (self._driver_error, UnicodeEncodeError)
        self.dialect = self._database.name
        self._steps = _STEPS["reading" if connections.read_only else self.dialect]

    @property
    def is_ahead(self) -> bool:
        """Tell whether this thread is in a unit of work, which reads ahead."""
        return self._unit is not None

    def not_ahead(self, why: str) -> None:
        """Have an act that cannot be a unit of work be done a statement at a time.

        :raises Overtaken: it is in a unit.
        """
        if self.is_ahead:
            raise Overtaken(why)

    @property
    def _unit(self) -> Unit | None:
        return getattr(self._local, "unit", None)

    @property
    def depth(self) -> int:
        """How many transactions of this thread are open, one in another."""
        depth: int = getattr(self._local, "depth", 1 if self._is_hosted else 0)
        return depth

    @property
    def locks(self) -> bool:
        """Tell whether what is read now is to be locked until the transaction ends."""
        return self.dialect == "postgresql" and self.depth > 0 and not self._connections.read_only

    @property
    def seen(self) -> dict[tuple[str, str], int]:
        """The revisions of unlocked rows that this transaction has read, and the locks it holds."""
        if not self.depth:
            return {}
        if not hasattr(self._local, "seen"):
            self._local.seen = {}
        seen: dict[tuple[str, str], int] = self._local.seen
        return seen

    @property
    def ends(self) -> dict[str, End]:
        """The ends of the chains that this transaction has added rows to; a host's own transactions are not told of."""
        if not self.depth or self._is_hosted:
            return {}
        if not hasattr(self._local, "ends"):
            self._local.ends = {}
        ends: dict[str, End] = self._local.ends
        return ends

    def rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[Row]:
        """Return all rows that a statement returns."""
        given = parameters or {}
        asked = self._as_prepared(statement, given)
        unit = self._unit
        return self._rows_at_once(asked, given) if unit is None else self._rows_in(unit, statement, asked, given)

    def _rows_at_once(self, asked: Prepared, given: Parameters) -> Sequence[Row]:
        try:
            cursor = self._connections.cursor()
            cursor.execute(asked.text, asked.values(given))
            return asked.rows(cursor)  # what a driver cannot read, it says only now
        except self._errors as error:
            raise self._told(error) from error

    def _rows_in(self, unit: Unit, statement: Executable, asked: Prepared, given: Parameters) -> Sequence[Row]:
        """Return the rows of a statement that a unit of work asks, from what was read ahead where that is still so."""
        values = asked.values(given)
        known = None if asked.changes else unit.known(asked, values)
        if known is not None:
            return known
        if not asked.changes and unit.changed.isdisjoint(asked.tables):
            family = self._families.key_of(statement, given)
            if family is not None and family not in unit.loaded:
                self._read_ahead(unit, [family])
                known = unit.known(asked, values)
                if known is not None:
                    return known
        self._flush(unit)
        self._begin(unit)
        rows = self._rows_at_once(asked, given)
        if asked.changes:
            unit.changed |= asked.tables
            unit.flushes += 1
        else:
            unit.keep(asked, values, rows)
        return rows

    def row(self, statement: Executable, parameters: Parameters | None = None) -> Row | None:
        """Return the first row that a statement returns, if any."""
        rows = self.rows(statement, parameters)
        return rows[0] if rows else None

    def change(self, statement: Executable, parameters: Parameters | list[dict[str, Any]] | None = None) -> int:
        """Carry a statement out, once or for each of many rows, and return how many rows it changed."""
        unit = self._unit
        if unit is not None:
            return self._changed_in(unit, statement, parameters if isinstance(parameters, list) else [parameters or {}])
        if isinstance(parameters, list):
            repeated = self._as_prepared(statement, parameters[0])
            many = [repeated.values(each) for each in parameters]
            return self._done(lambda cursor: cursor.executemany(repeated.text, many)).rowcount
        given = parameters or {}
        return self._executed(self._as_prepared(statement, given), given).rowcount

    def _changed_in(self, unit: Unit, statement: Executable, parameters: Sequence[Parameters]) -> int:
        """Put a change off to the end of a unit of work, and return how many rows that will be, if all goes well.

        If not, :meth:`_flush` finds out, and the act is done again without a unit.
        """
        for given in parameters:
            change = self._as_prepared(statement, given)
            unit.pending.append(Pending(change, change.values(given), change.rows_to_change))
            unit.changed |= change.tables
        return len(parameters)

    def _read_ahead(self, unit: Unit, wanted: Sequence[tuple[str, str]]) -> None:
        """Lock and read what some keys are likely to be asked for, and then what that leads to."""
        while fresh := [each for each in dict.fromkeys(wanted) if each not in unit.loaded]:
            unit.loaded.update(fresh)
            chosen = [(self._families.by_name[name], key) for name, key in fresh if name in self._families.by_name]
            wanted = list(self._read_together(unit, chosen)) if chosen else []

    def _read_together(self, unit: Unit, chosen: Sequence[tuple[Family, str]]) -> Iterator[tuple[str, str]]:
        """Lock and read some families by one round trip; yield what they lead to."""
        locks = sorted({family.lock.format(key) for family, key in chosen if family.lock} - self._held_locks())
        asked: list[tuple[Prepared, Any]] = []
        for family, key in chosen:
            for each in family.asked:
                given = each.given(key)
                statement = self._as_prepared(each.statement, given)
                if each.lasting:
                    unit.lasting.add(statement.text)
                asked.append((statement, statement.values(given)))
        said = self._beginning(unit)
        said += [(_LOCK, {"name": name}) for name in locks]
        cursors = self._together([*said, *((statement.text, values) for statement, values in asked)])[len(said) :]
        for name in locks:
            self.seen["lock", name] = 1
        answers = []
        for (statement, values), cursor in zip(asked, cursors, strict=True):
            rows = statement.rows(cursor)
            unit.keep(statement, values, rows)
            answers.append(rows[0] if rows else None)
        place = 0
        for family, _ in chosen:
            yield from family.leads_to(answers[place : place + len(family.asked)])
            place += len(family.asked)

    def _held_locks(self) -> set[str]:
        return {name for kind, name in self.seen if kind == "lock"}

    def _flush(self, unit: Unit) -> None:
        """Carry out what a unit of work has put off, in one round trip.

        :raises Overtaken: a row could not be written: the act has to be done again, a statement at a time.
        """
        pending, unit.pending = unit.pending, []
        if not pending:
            return
        unit.flushes += 1
        said = self._beginning(unit)
        try:
            cursors = self._together([*said, *((each.statement.text, each.values) for each in pending)])[len(said) :]
        except (Refusal, ConcurrentChange) as guarded:
            raise Overtaken("a guard of the database") from guarded
        for each, cursor in zip(pending, cursors, strict=True):
            if each.rows is not None and cursor.rowcount != each.rows:
                raise Overtaken("a row that is not as it was")

    def _begin(self, unit: Unit) -> None:
        for statement, _ in self._beginning(unit):
            self._do(statement)

    def _beginning(self, unit: Unit) -> list[tuple[str, Any]]:
        """Return what a unit of work has to say first; once it is sent there is something to roll back, if it fails."""
        said: list[tuple[str, Any]] = [] if unit.has_begun else [("BEGIN", None)]
        unit.has_begun = True
        return said

    def _together(self, statements: Sequence[tuple[str, Any]]) -> list[Cursor]:
        """Carry out statements in one round trip and return a cursor for each; none is if one fails."""
        try:
            connection: Any = self._connections.get().connection.driver_connection
            with connection.pipeline():
                cursors = []
                for text, values in statements:
                    cursor = connection.cursor()
                    cursor.execute(text, values)
                    cursors.append(cursor)
        except self._errors as error:
            raise self._told(error) from error
        return cursors

    @contextmanager
    def driver(self) -> Iterator[Any]:
        """Yield the driver's own connection, for what only it can do; its errors are told like those of a statement."""
        if (unit := self._unit) is not None:
            self._flush(unit)
            self._begin(unit)
        try:
            yield self._connections.get().connection.driver_connection
        except self._errors as error:
            raise self._told(error) from error

    def lock(self, *names: str) -> None:
        """Wait until no other transaction has locked any of these names; SQLite has one writer anyhow."""
        if self.locks:
            held = self.seen
            for name in sorted(set(names)):
                if ("lock", name) not in held:
                    if (unit := self._unit) is not None:
                        self._begin(unit)
                    self._do(_LOCK, {"name": name})
                    held["lock", name] = 1

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do a block as a whole or not at all; inside another one it is a part of it."""
        if (unit := self._unit) is not None:
            with self._part_of(unit):
                yield
            return
        depth = self.depth
        begin, commit, undo = self._steps if not depth else _part(depth)
        self._do(begin)
        self._local.depth = depth + 1
        seen = dict(self.seen)
        try:
            yield
            self._do(commit)
        except BaseException:
            self._undo(undo)
            self._local.seen, self._local.ends = seen, {}
            raise
        finally:
            self._local.depth = depth
            if not depth:
                self._local.seen, self._local.ends = {}, {}

    @contextmanager
    def _part_of(self, unit: Unit) -> Iterator[None]:
        """Do a block as a part of a unit of work: if it fails, what it has put off is forgotten."""
        mark, flushes, changed = len(unit.pending), unit.flushes, set(unit.changed)
        seen, ends = dict(self.seen), dict(self.ends)
        try:
            try:
                yield
            except Refusal:
                # What was put off before it may not be possible either, and then that, and not this, is to be said.
                self._flush(unit)
                raise
        except BaseException:
            # What went out cannot be taken back by itself: then the act has to be done again, with savepoints.
            unit.must_repeat = unit.must_repeat or unit.flushes > flushes
            del unit.pending[mark:]
            unit.changed = changed
            held = {key: value for key, value in self.seen.items() if key[0] == "lock"}
            self._local.seen, self._local.ends = seen | held, ends
            raise

    def _run_ahead(self, act: Callable[[], T], named: Sequence[tuple[str, str]]) -> T:
        """Do an act as a unit of work.

        :raises ConcurrentChange: it has to be done again, because somebody else was quicker or a rule says no.
        """
        unit = self._local.unit = Unit(named)
        self._local.depth = 1
        try:
            self._read_ahead(unit, named)
            with self._part_of(unit):
                done = act()
            self._flush(unit)
            if unit.must_repeat:
                raise Overtaken("a part that was undone")
            if unit.has_begun:
                self._do("COMMIT")
            return done
        except BaseException:
            if unit.has_begun:
                self._undo(("ROLLBACK",))
            raise
        finally:
            self._local.unit = None
            self._local.depth = 0
            self._local.seen, self._local.ends = {}, {}

    def run(self, act: Callable[[], T], named: Sequence[tuple[str, str]] | None = None) -> T:
        """Do an act in a transaction, and again when there is a conflict, unless it is a part of another transaction.

        ``named`` is what the act's arguments name, each with its kind, where it is worth reading ahead.

        :raises ConcurrentChange: others were quicker all the time, or the outer transaction must be tried again.
        """
        if named is not None and self.dialect == "postgresql" and not self.depth:
            with suppress(ConcurrentChange):
                return self._run_ahead(act, named)
        tries = 1 if self.depth else ATTEMPTS
        for attempt in range(1, tries):
            try:
                with self.transaction():
                    return act()
            except ConcurrentChange:
                time.sleep(_PAUSE * attempt)
        with self.transaction():
            return act()

    def _undo(self, statements: Sequence[str]) -> None:
        try:
            for statement in statements:
                self._connections.cursor().execute(statement)
        except self._driver_error:  # the connection is gone, and with it the transaction
            self._connections.drop()

    def _do(self, statement: str, parameters: Parameters | None = None) -> None:
        self._done(lambda cursor: cursor.execute(statement, *([parameters] if parameters else [])))

    def _as_prepared(self, statement: Executable, given: Parameters) -> Prepared:
        return prepared(statement, self._database, tuple(given))

    def _executed(self, statement: Prepared, given: Parameters) -> Cursor:
        values = statement.values(given)
        return self._done(lambda cursor: cursor.execute(statement.text, values))

    def _done(self, act: Callable[[Cursor], object]) -> Cursor:
        try:
            cursor = self._connections.cursor()
            act(cursor)
        except self._errors as error:
            raise self._told(error) from error
        return cursor

    def _told(self, error: Exception) -> ReferralError:
        """Return what the driver says in this library's words, having given up a connection that is gone."""
        if isinstance(error, UnicodeEncodeError):  # half of a surrogate pair, which no UTF-8 can hold
            return StoreFailed("A text holds a character that the database cannot keep.")
        if not self.depth and self._connections.is_lost(error):
            self._connections.drop()
        return translated(error)


class Overtaken(ConcurrentChange):
    """A unit of work could not be written as it was thought out: the act is to be done a statement at a time."""


_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))"
_STEPS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "sqlite": ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",)),
    "postgresql": ("BEGIN", "COMMIT", ("ROLLBACK",)),
    "reading": ("BEGIN", "COMMIT", ("ROLLBACK",)),  # as a writer, SQLite would be refused at once
}


@functools.cache
def _part(depth: int) -> tuple[str, str, tuple[str, ...]]:
    name = f"part_{depth}"
    return f"SAVEPOINT {name}", f"RELEASE {name}", (f"ROLLBACK TO {name}", f"RELEASE {name}")
