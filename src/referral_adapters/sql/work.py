"""Work on a database: statements, transactions, and the unit of work of each transaction.

**SQLite** has one writer at a time: a transaction begins with ``BEGIN IMMEDIATE``, so that its reads are still true
when it writes.

**PostgreSQL** runs at ``READ COMMITTED``. Accounts and customers are locked by their names, whether they exist yet or
not; contracts, referrals, cases and grants are locked by their rows. A code in use is locked ``FOR SHARE``: many
transactions may use it at once, and none may change it. Where two transactions insert the same new row, a key decides,
and the second one repeats its act.

Every transaction is a :class:`~referral_adapters.sql.unit_of_work.UnitOfWork`. The repositories of frequent acts read
by :meth:`Work.ask` and write by :meth:`Work.write`. All others execute their statements at once, which first flushes
the pending writes of the unit. A call outside of a transaction is a transaction of its own, and is retried by itself.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Executable

from referral_adapters.sql.connections import Connections
from referral_adapters.sql.executor import BatchFailed, Call, Executor
from referral_adapters.sql.prepared import AT, Lockable, Parameters, Prepared, Row
from referral_adapters.sql.unit_of_work import Families, Family, Key, Known, Lookup, PendingWrite, Savepoint, UnitOfWork
from referral_core.values.errors import ConcurrentChange, ReferralError, Refusal

ATTEMPTS: Final = 6
"""The number of times that an act is tried before its caller gets the conflict."""
_PAUSE: Final = 0.01
"""The seconds to wait after the first lost race; the pause grows with every attempt."""

T = TypeVar("T")
V = TypeVar("V")


class WriteConflict(ConcurrentChange):
    """The pending writes of a transaction failed: another transaction was quicker, or a guard refused a row.

    ``said`` is the translated error. At first it counts as a lost race, since in the next attempt a rule may see the
    row and name a better reason.
    """

    def __init__(self, said: ReferralError) -> None:
        super().__init__(str(said))
        self.said = said


class Work:
    """The statements and transactions of a store; each thread has a transaction of its own."""

    def __init__(
        self, connections: Connections, families: Families | None = None, *, is_distributed: bool = False
    ) -> None:
        self.is_distributed: Final = is_distributed
        """Tells whether the tables are distributed over a cluster."""
        self._families = families or Families()
        self._local = threading.local()
        self._executor = executor = Executor(connections, lambda: self.is_in_transaction)
        self._is_hosted = executor.is_hosted
        self.dialect: Final = executor.dialect
        self._is_near = executor.dialect == "sqlite"
        self._begin_with = _BEGIN["reading" if executor.is_read_only else executor.dialect]

    @property
    def _unit(self) -> UnitOfWork | None:
        return getattr(self._local, "unit", None)

    @property
    def has_unit(self) -> bool:
        """Tell whether this thread is in a transaction of this store."""
        return self._unit is not None

    @property
    def is_in_transaction(self) -> bool:
        """Tell whether this thread is in a transaction of this store or of the host."""
        return self._is_hosted or self._unit is not None

    @property
    def locks(self) -> bool:
        """Tell whether reads lock their rows until the transaction ends: on PostgreSQL, unless it is read-only."""
        return self.dialect == "postgresql" and self.is_in_transaction and not self._executor.is_read_only

    # ── lookups ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def ask(self, lookup: Lookup[V], key: Key) -> V:
        """Return the answer of a lookup for a key.

        In a transaction it is read once, on PostgreSQL together with its family. Outside, it is read by itself.
        """
        unit = self._unit
        place = (lookup, key)
        if unit is None:
            return lookup.read(self._rows_of(place))
        if place not in unit.known:
            family = None if self._is_near else self._families.of(lookup)
            if family is not None:
                self._load(unit, [(family, key)])
            # Still unknown without a family, or where undoing a part has removed the answer of a loaded family.
            if place not in unit.known:
                self._look_up(unit, lookup, key)
        return cast("V", unit.known[place])

    def answers(self, *asked: Known) -> list[Any]:
        """Return the answers of several lookups: outside a transaction in one round trip, inside one after another."""
        if self._unit is not None:
            return [self.ask(lookup, key) for lookup, key in asked]
        found = self._found({place: place[0].statement for place in asked}, [])
        return [lookup.read(found[lookup, key]) for lookup, key in asked]

    def known(self, lookup: Lookup[V], key: Key) -> V | None:
        """Return the answer of a lookup if this transaction knows it, without a statement, else ``None``."""
        unit = self._unit
        return None if unit is None else unit.known.get((lookup, key))

    def keep(self, lookup: Lookup[V], key: Key, answer: V) -> None:
        """Set the answer of a lookup to what it is after a write; outside a transaction no answer is kept."""
        unit = self._unit
        if unit is not None:
            unit.keep(lookup, key, answer)

    def write(self, statement: Executable, row: Mapping[str, Any], *, told: bool = True) -> None:
        """Hold a statement back until the end of the act.

        The number of changed rows is not checked: locks and keys guarantee the effect. ``told`` tells that :meth:`keep`
        corrects every known answer from the tables of the statement; otherwise a read of them flushes first.
        """
        unit = self._transaction()
        change = self._executor.kept(statement, row)
        unit.pending.append(PendingWrite(change, row))
        if not told:
            unit.unseen |= change.tables

    def look_ahead(self, named: Iterable[tuple[str, Key]]) -> None:
        """Lock and read the families of some keys, as far as this transaction has not read them."""
        self._load(self._transaction(), named)

    def _look_up(self, unit: UnitOfWork, lookup: Lookup[Any], key: Key) -> None:
        """Read the answer of one lookup by a statement of its own, after a flush if pending writes may change it."""
        if not unit.unseen.isdisjoint(lookup.statement.tables):
            self._flush(unit)
        self._begin(unit)
        unit.read(lookup, key, lookup.read(self._rows_of((lookup, key))))

    def _load(self, unit: UnitOfWork, wanted: Iterable[tuple[str, Key]]) -> None:
        """Lock and read the families of some keys, then the families that their answers lead to."""
        # A file has no round trips to save, and its one writer needs no locks: there only real questions are read.
        if self._is_near:
            return
        while fresh := [each for each in dict.fromkeys(wanted) if each not in unit.loaded]:
            unit.loaded.update(fresh)
            chosen = [(self._families.by_name[name], key) for name, key in fresh if name in self._families.by_name]
            wanted = self._read_together(unit, chosen) if chosen else ()

    def _read_together(self, unit: UnitOfWork, chosen: Sequence[tuple[Family, Key]]) -> list[tuple[str, Key]]:
        """Lock and read some families in one round trip, and return the families and keys that they lead to."""
        wanted: dict[Known, Lockable] = {}
        for family, key in chosen:
            for member in family.members:
                wanted.setdefault((member.lookup, member.of_key(key)), member.statement or member.lookup.statement)
        if any(not unit.unseen.isdisjoint(how.tables) for how in wanted.values()):
            self._flush(unit)
        first = self._beginning(unit)
        # The locks are a statement before the reads, never a part of them: under READ COMMITTED a statement that waits
        # for its lock would return rows from before the wait.
        locks = {family.lock.format(key) for family, key in chosen if family.lock} if self.locks else set()
        if locks - unit.locks:
            first.append(_locking(locks - unit.locks))
        found = self._found(wanted, first)
        unit.locks |= locks
        for (lookup, key), rows in found.items():
            unit.read(lookup, key, lookup.read(rows))
        leads: list[tuple[str, Key]] = []
        for family, key in chosen:
            leads += family.leads_to([unit.known[each.lookup, each.of_key(key)] for each in family.members])
        return leads

    def _rows_of(self, place: Known) -> Sequence[Row]:
        """Return the rows of one lookup, read by a cursor where one statement is enough."""
        how = place[0].statement
        if self.is_distributed and how.directory:
            return self._found({place: how}, [])[place]
        asked, given = self._question(how(self), place)
        return self._executor.rows(asked, given)

    def _found(self, wanted: Mapping[Known, Lockable], first: list[Call]) -> dict[Known, list[Row]]:
        """Execute the statements ``first`` and then several lookups in one round trip, and return the rows.

        On a cluster the directories are read in a round trip of their own, behind the locks that are among ``first``.
        """
        places: dict[Known, list[dict[str, str]]] = {}
        if self.is_distributed:
            directories = [(place, how.directory.places) for place, how in wanted.items() if how.directory]
            questions = [self._question(directory, place) for place, directory in directories]
            if questions:
                answers = self._answers(first, questions)
                first = []
                for (place, _), rows in zip(directories, answers, strict=True):
                    places[place] = [{AT: next(iter(row))} for row in rows]
        asked = [
            (place, self._question(how.there(self) if place in places else how(self), place, at))
            for place, how in wanted.items()
            for at in places.get(place, [{}])
        ]
        found: dict[Known, list[Row]] = {place: [] for place in wanted}
        for (place, _), rows in zip(asked, self._answers(first, [each for _, each in asked]), strict=True):
            found[place] += rows
        return found

    def _question(
        self, statement: Executable, place: Known, at: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[Prepared, Mapping[str, Any]]:
        lookup, key = place
        given = {**lookup.given(key), **at} if at else lookup.given(key)
        return self._executor.kept(statement, given), given

    def _answers(
        self, first: Sequence[Call], questions: Sequence[tuple[Prepared, Mapping[str, Any]]]
    ) -> list[list[Row]]:
        """Execute the statements ``first`` and then the questions in one round trip, and return the rows of each."""
        answers = self._executor.answered(*first, *questions)[len(first) :]
        return [asked.read(fetched) for (asked, _), (_, fetched) in zip(questions, answers, strict=True)]

    # ── statements ────────────────────────────────────────────────────────────────────────────────────────────────────

    def rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[Row]:
        """Execute a statement at once, after a flush, and return all of its rows."""
        given = parameters or {}
        asked = self._executor.prepared(statement, given)
        self._make_way(asked)
        rows = self._executor.rows(asked, given)
        if asked.changes:
            self._have_changed(asked)  # a change with RETURNING
        return rows

    def row(self, statement: Executable, parameters: Parameters | None = None) -> Row | None:
        """Execute a statement at once as :meth:`rows` does, and return its first row, if there is one."""
        rows = self.rows(statement, parameters)
        return rows[0] if rows else None

    def change(self, statement: Executable, parameters: Parameters | list[dict[str, Any]] | None = None) -> int:
        """Execute a change at once, after a flush, once for each row of a list; return the number of changed rows."""
        given = parameters[0] if isinstance(parameters, list) else parameters or {}
        change = self._executor.prepared(statement, given)
        self._make_way(change)
        count = self._executor.change(change, parameters or {})
        self._have_changed(change)
        return count

    @contextmanager
    def driver(self) -> Iterator[Any]:
        """Yield the driver's own connection, after a flush, for what only the driver can do.

        Its errors are translated like those of a statement, and every known answer is forgotten afterwards.
        """
        self._make_way()
        try:
            with self._executor.driver() as driver:
                yield driver
        finally:
            if (unit := self._unit) is not None:
                unit.forget()

    def lock(self, *names: str) -> None:
        """Lock names until the end of the transaction, and wait for other transactions that have locked any of them.

        In SQLite the beginning of a transaction is the lock: there is one writer at a time.
        """
        unit = self._unit
        if not self.locks:
            if unit is not None:
                self._begin(unit)
            return
        missing = set(names) if unit is None else set(names) - unit.locks
        if missing:
            self._executor.answered(*([] if unit is None else self._beginning(unit)), _locking(missing))
            if unit is not None:
                unit.locks |= missing

    def _make_way(self, asked: Prepared | None = None) -> None:
        """Begin the transaction of this thread, if it is in one, and flush its pending writes.

        Before a change, and before the use of the driver, every part becomes a savepoint: a part of which the database
        knows nothing could not undo a change that was executed in it.
        """
        unit = self._unit
        if unit is None:
            return
        self._flush(unit, parts=asked is None or asked.changes)
        self._begin(unit)

    def _begin(self, unit: UnitOfWork) -> None:
        if unit.is_lost or not unit.has_begun:
            for statement, _ in self._beginning(unit):
                self._executor.do(cast("str", statement))

    def _have_changed(self, change: Prepared) -> None:
        unit = self._unit
        if unit is not None:
            unit.forget(change.tables)

    def _flush(self, unit: UnitOfWork, *, parts: bool = False) -> None:
        """Execute the pending writes in one round trip; with ``parts`` set savepoints even if nothing is pending.

        :raises WriteConflict: a row could not be written.
        """
        if unit.pending or (parts and not all(level.is_sent for level in unit.levels)):
            self._write(unit, ())

    def _end(self, unit: UnitOfWork) -> None:
        """Execute the pending writes and commit, in one round trip."""
        if unit.pending:
            self._write(unit, (PendingWrite("COMMIT"),))
        elif unit.has_begun:
            self._executor.do("COMMIT")

    def _write(self, unit: UnitOfWork, last: Sequence[PendingWrite]) -> None:
        """Execute the pending writes, with the beginning before them and ``last`` behind them, in one round trip.

        The savepoint of each part stands between the writes from before the part and those of the part.
        """
        before = [PendingWrite(cast("str", statement)) for statement, _ in self._beginning(unit)]
        writes, savepoints = [*before], list[tuple[int, Savepoint]]()
        place = 0
        for depth, level in enumerate(unit.levels, 1):
            if not level.is_sent:
                writes += unit.pending[place : level.mark]
                place = level.mark
                savepoints.append((len(writes), level))
                writes.append(PendingWrite(f"SAVEPOINT part_{depth}"))
        writes += [*unit.pending[place:], *last]
        try:
            self._executor.together([(each.statement, each.given) for each in writes])
        except BatchFailed as failure:
            # PostgreSQL accepts nothing after an error but a rollback. Going back to the innermost savepoint saves the
            # transaction if that was set before the error; otherwise it is lost.
            for number, level in savepoints:
                level.is_sent = number < failure.place
            unit.is_lost = not (unit.levels and unit.levels[-1].is_sent)
            unit.flushed(sent=False)
            if isinstance(failure.said, Refusal | ConcurrentChange):
                raise WriteConflict(failure.said) from failure
            raise failure.said from failure
        unit.flushed(sent=True)

    def _beginning(self, unit: UnitOfWork) -> list[Call]:
        """Return the statement that begins the transaction, if it has not begun, which counts as sent from now on.

        :raises ConcurrentChange: the transaction has failed and can only be rolled back.
        """
        if unit.is_lost:
            raise ConcurrentChange("The transaction has failed and has to be done again.")
        calls: list[Call] = [] if unit.has_begun else [(self._begin_with, {})]
        unit.has_begun = True
        return calls

    # ── transactions ──────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a block in a transaction; inside another block it is a part of that transaction.

        ``BEGIN`` is sent with the first statement, so that a block without statements costs no round trip.
        """
        unit = self._unit
        try:
            with self._whole() if unit is None else self._part(unit):
                yield
        except WriteConflict as conflict:
            # The block is not repeated here, so that its caller gets the refusal itself. Inside, the outermost decides.
            if unit is None:
                raise conflict.said from conflict
            raise

    def run(self, act: Callable[[], T], named: Iterable[tuple[str, Key]] = ()) -> T:
        """Do an act in a transaction, repeat it after a lost race, and return its result.

        ``named`` are the keys among the act's arguments, each with its kind, whose families are read ahead. In the
        first attempt the writes of inner acts stay pending until the end of this one; in later attempts each inner act
        is flushed at its own end.

        :raises ConcurrentChange: every attempt lost a race, or the outer transaction has to be repeated.
        :raises Refusal: a guard of the database refused a row in every attempt, and no rule of the core did.
        """
        unit = self._unit
        for attempt in range(1, ATTEMPTS):
            try:
                return self._once(unit, act, named, may_wait=attempt == 1)
            except ConcurrentChange as lost:
                if unit is not None:
                    # Inside a transaction only the part is repeated, and only after a failed write of its own. Where
                    # the whole transaction is repeated, or lost, or an act itself reports the conflict, it ends here.
                    if unit.may_wait or unit.is_lost or not isinstance(lost, WriteConflict):
                        raise
                    unit.forget()
                time.sleep(_PAUSE * attempt)
        try:
            return self._once(unit, act, named, may_wait=False)
        except WriteConflict as conflict:
            raise conflict.said from conflict

    def _once(
        self, unit: UnitOfWork | None, act: Callable[[], T], named: Iterable[tuple[str, Key]], *, may_wait: bool
    ) -> T:
        with self._whole(may_wait=may_wait) if unit is None else self._part(unit):
            self._load(self._transaction(), named)
            done = act()
            if unit is not None and not unit.may_wait:
                self._flush(unit)
            return done

    def _transaction(self) -> UnitOfWork:
        unit = self._unit
        if unit is None:
            raise RuntimeError("only in a transaction")
        return unit

    @contextmanager
    def _whole(self, *, may_wait: bool = False) -> Iterator[None]:
        """Run a block in a unit of work: a transaction of its own, or a savepoint on the connection of a host."""
        unit = self._local.unit = UnitOfWork(may_wait, has_begun=self._is_hosted)
        try:
            if self._is_hosted:
                with self._part(unit):
                    yield
                    self._flush(unit)
                self._flush(unit)  # sends the RELEASE of the savepoint, which is pending like a write
            else:
                yield
                self._end(unit)
        except BaseException:
            if unit.has_begun and not self._is_hosted:
                self._executor.roll_back()
            raise
        finally:
            self._local.unit = None

    @contextmanager
    def _part(self, unit: UnitOfWork) -> Iterator[None]:
        """Run a block as a part of a transaction; an exception that leaves it undoes the part alone."""
        level = unit.enter()
        name = f"part_{len(unit.levels)}"
        try:
            yield
        except BaseException:
            if level.is_sent:
                self._executor.undo(f"ROLLBACK TO {name}", f"RELEASE {name}")
            unit.undo_part(level)
            raise
        else:
            if level.is_sent:
                unit.pending.append(PendingWrite(f"RELEASE {name}"))
        finally:
            unit.levels.pop()


_BEGIN: Final = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "BEGIN",
    "reading": "BEGIN",  # with ``query_only`` SQLite refuses to begin as a writer
}
# A name is locked whether there is a row of that name or not. A collision of two hashes is only a needless wait.
_LOCK: Final = (
    "SELECT pg_advisory_xact_lock(hashtextextended(value, 0)) FROM json_array_elements_text(%(names)s::json) AS value"
)


def _locking(names: Iterable[str]) -> Call:
    """Return the statement that locks names in sorted order, so that two transactions cannot deadlock over them."""
    return _LOCK, {"names": json.dumps(sorted(names))}
