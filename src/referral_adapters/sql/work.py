"""Work on a database: statements, the transactions they belong to, and the units of work that transactions are.

**SQLite** has one writer at a time: a transaction begins with ``BEGIN IMMEDIATE``, so what it reads is still so when
it writes.

**PostgreSQL** runs at ``READ COMMITTED``. Accounts and customers are locked by their names, whether they are there yet
or not; contracts, referrals, cases and grants by their rows. A code that is used is locked so that many may use it at
once and nobody changes it. Where two write what is not there yet, a key decides: the second does its act again.

Every transaction is a :class:`~referral_adapters.sql.unit_of_work.UnitOfWork`. Repositories that acts use all day ask
by :meth:`Work.ask` and write by :meth:`Work.write`; all others have statements carried out at once, which makes the
unit write first what it holds back. A call outside of a transaction is one by itself and is tried again by itself.
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
"""How often an act is tried before its caller is told of the conflict."""
_PAUSE: Final = 0.01

T = TypeVar("T")
V = TypeVar("V")


class WriteConflict(ConcurrentChange):
    """What a transaction holds back could not be written: somebody was quicker, or a rule of the database says no."""

    def __init__(self, said: ReferralError) -> None:
        super().__init__(str(said))
        self.said = said


class Work:
    """The statements of a store; each thread has a transaction of its own."""

    def __init__(
        self, connections: Connections, families: Families | None = None, *, is_distributed: bool = False
    ) -> None:
        self.is_distributed: Final = is_distributed
        """Whether the tables lie on a cluster."""
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
        """Tell whether this thread is in a transaction of this store's."""
        return self._unit is not None

    @property
    def is_in_transaction(self) -> bool:
        """Tell whether this thread is in a transaction, the host's too."""
        return self._is_hosted or self._unit is not None

    @property
    def locks(self) -> bool:
        """Tell whether what is read now is to be locked until the transaction ends."""
        return self.dialect == "postgresql" and self.is_in_transaction and not self._executor.is_read_only

    # ── lookups ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def ask(self, lookup: Lookup[V], key: Key) -> V:
        """Return what a lookup answers for a key; in a transaction it is read once, with what belongs to it."""
        unit = self._unit
        place = (lookup, key)
        if unit is None:
            return lookup.read(self._rows_of(place))
        if place not in unit.known:
            family = None if self._is_near else self._families.of(lookup)
            if family is not None:
                self._load(unit, [(family, key)])
            if place not in unit.known:
                self._look_up(unit, lookup, key)
        return cast("V", unit.known[place])

    def answers(self, *asked: Known) -> list[Any]:
        """Return what lookups answer, all of them read together where nothing has to be locked or remembered."""
        if self._unit is not None:
            return [self.ask(lookup, key) for lookup, key in asked]
        found = self._found({place: place[0].statement for place in asked}, [])
        return [lookup.read(found[lookup, key]) for lookup, key in asked]

    def known(self, lookup: Lookup[V], key: Key) -> V | None:
        """Return what a lookup is known to answer, without looking; ``None`` when nobody has asked."""
        unit = self._unit
        return None if unit is None else unit.known.get((lookup, key))

    def keep(self, lookup: Lookup[V], key: Key, answer: V) -> None:
        """Say what a lookup answers from now on, because of what is written."""
        unit = self._unit
        if unit is not None:
            unit.keep(lookup, key, answer)

    def write(self, statement: Executable, row: Mapping[str, Any], *, told: bool = True) -> None:
        """Have a statement carried out at the end of the act.

        That it changes what it should is for locks and keys to see to. ``told`` says that all lookups which look there
        were told by :meth:`keep`.
        """
        unit = self._transaction()
        change = self._executor.kept(statement, row)
        unit.pending.append(PendingWrite(change, row))
        if not told:
            unit.unseen |= change.tables

    def look_ahead(self, named: Iterable[tuple[str, Key]]) -> None:
        """Lock and read what some keys are likely to be asked for, as far as this transaction has not."""
        self._load(self._transaction(), named)

    def _look_up(self, unit: UnitOfWork, lookup: Lookup[Any], key: Key) -> None:
        """Read what one lookup answers, by itself."""
        if not unit.unseen.isdisjoint(lookup.statement.tables):
            self._flush(unit)
        self._begin(unit)
        unit.read(lookup, key, lookup.read(self._rows_of((lookup, key))))

    def _load(self, unit: UnitOfWork, wanted: Iterable[tuple[str, Key]]) -> None:
        """Lock and read what some keys are likely to be asked for, and then what that leads to.

        A file is no further away for who asks it often, and has one writer: there nothing is read that nobody asks for.
        """
        if self._is_near:
            return
        while fresh := [each for each in dict.fromkeys(wanted) if each not in unit.loaded]:
            unit.loaded.update(fresh)
            chosen = [(self._families.by_name[name], key) for name, key in fresh if name in self._families.by_name]
            wanted = self._read_together(unit, chosen) if chosen else ()

    def _read_together(self, unit: UnitOfWork, chosen: Sequence[tuple[Family, Key]]) -> list[tuple[str, Key]]:
        """Lock and read some families by one round trip; return what they lead to."""
        wanted: dict[Known, Lockable] = {}
        for family, key in chosen:
            for member in family.members:
                wanted.setdefault((member.lookup, member.of_key(key)), member.statement or member.lookup.statement)
        if any(not unit.unseen.isdisjoint(how.tables) for how in wanted.values()):
            self._flush(unit)
        first = self._beginning(unit)
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
        """Return the rows that one lookup finds."""
        how = place[0].statement
        if self.is_distributed and how.directory:
            return self._found({place: how}, [])[place]
        asked, given = self._question(how(self), place)
        return self._executor.rows(asked, given)

    def _found(self, wanted: Mapping[Known, Lockable], first: list[Call]) -> dict[Known, list[Row]]:
        """Say what comes ``first``, and return the rows that lookups find: all of it in one round trip.

        On a cluster directories are asked by a round trip of their own, behind what comes first: locks are among that.
        """
        places: dict[Known, list[dict[str, str]]] = {}
        if self.is_distributed:
            told = [(place, how.directory.places) for place, how in wanted.items() if how.directory]
            questions = [self._question(directory, place) for place, directory in told]
            if questions:
                answers = self._answers(first, questions)
                first = []
                for (place, _), rows in zip(told, answers, strict=True):
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
        """Say what comes first, then ask; return the rows of every question."""
        answers = self._executor.answered(*first, *questions)[len(first) :]
        return [asked.read(fetched) for (asked, _), (_, fetched) in zip(questions, answers, strict=True)]

    # ── statements ────────────────────────────────────────────────────────────────────────────────────────────────────

    def rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[Row]:
        """Return all rows that a statement returns, carried out at once."""
        given = parameters or {}
        asked = self._executor.prepared(statement, given)
        self._make_way(asked)
        rows = self._executor.rows(asked, given)
        if asked.changes:
            self._have_changed(asked)
        return rows

    def row(self, statement: Executable, parameters: Parameters | None = None) -> Row | None:
        """Return the first row that a statement returns, if any."""
        rows = self.rows(statement, parameters)
        return rows[0] if rows else None

    def change(self, statement: Executable, parameters: Parameters | list[dict[str, Any]] | None = None) -> int:
        """Carry a statement out at once, for each of many rows if it is given many; return how many rows it changed."""
        given = parameters[0] if isinstance(parameters, list) else parameters or {}
        change = self._executor.prepared(statement, given)
        self._make_way(change)
        count = self._executor.change(change, parameters or {})
        self._have_changed(change)
        return count

    @contextmanager
    def driver(self) -> Iterator[Any]:
        """Yield the driver's own connection, for what only it can do; its errors are told like those of a statement."""
        self._make_way()
        try:
            with self._executor.driver() as driver:
                yield driver
        finally:
            if (unit := self._unit) is not None:
                unit.forget()

    def lock(self, *names: str) -> None:
        """Wait until no other transaction has locked any of these names; SQLite lets one writer begin at a time."""
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
        """Begin the transaction of this thread, if it is in one, and have written what is held back.

        Without a statement, and before one that changes something, every part becomes a savepoint.
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
        """Carry out what is held back, in one round trip; with ``parts`` have savepoints set if nothing is.

        :raises WriteConflict: a row could not be written.
        """
        if unit.pending or (parts and not all(level.is_sent for level in unit.levels)):
            self._write(unit, ())

    def _end(self, unit: UnitOfWork) -> None:
        """Carry out what is held back, and commit, in one round trip."""
        if unit.pending:
            self._write(unit, (PendingWrite("COMMIT"),))
        elif unit.has_begun:
            self._executor.do("COMMIT")

    def _write(self, unit: UnitOfWork, last: Sequence[PendingWrite]) -> None:
        before = [PendingWrite(cast("str", statement)) for statement, _ in self._beginning(unit)]
        said, saved = [*before], list[tuple[int, Savepoint]]()
        place = 0
        for depth, level in enumerate(unit.levels, 1):
            if not level.is_sent:
                said += unit.pending[place : level.mark]
                place = level.mark
                saved.append((len(said), level))
                said.append(PendingWrite(f"SAVEPOINT part_{depth}"))
        said += [*unit.pending[place:], *last]
        try:
            self._executor.together([(each.statement, each.given) for each in said])
        except BatchFailed as failure:
            for number, level in saved:
                level.is_sent = number < failure.place
            unit.is_lost = not (unit.levels and unit.levels[-1].is_sent)
            unit.flushed(sent=False)
            if isinstance(failure.said, Refusal | ConcurrentChange):
                raise WriteConflict(failure.said) from failure
            raise failure.said from failure
        unit.flushed(sent=True)

    def _beginning(self, unit: UnitOfWork) -> list[Call]:
        """Return what a transaction has to say first; once it is sent there is something to roll back."""
        if unit.is_lost:
            raise ConcurrentChange("The transaction has failed and has to be done again.")
        said: list[Call] = [] if unit.has_begun else [(self._begin_with, {})]
        unit.has_begun = True
        return said

    # ── transactions ──────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do a block as a whole or not at all; inside another one it is a part of it."""
        unit = self._unit
        try:
            with self._whole() if unit is None else self._part(unit):
                yield
        except WriteConflict as conflict:
            if unit is None:
                raise conflict.said from conflict
            raise

    def run(self, act: Callable[[], T], named: Iterable[tuple[str, Key]] = ()) -> T:
        """Do an act in a transaction, and again when there is a conflict; return what it returns.

        ``named`` is what the act's arguments name, each with its kind: it is read ahead. What acts inside it change is
        held back to its end, unless that failed once.

        :raises ConcurrentChange: others were quicker all the time, or the outer transaction must be tried again.
        :raises Refusal: a rule of the database says no every time, and none of the core's does.
        """
        unit = self._unit
        for attempt in range(1, ATTEMPTS):
            try:
                return self._once(unit, act, named, may_wait=attempt == 1)
            except ConcurrentChange as lost:
                if unit is not None:
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
        unit = self._local.unit = UnitOfWork(may_wait, has_begun=self._is_hosted)
        try:
            if self._is_hosted:
                with self._part(unit):
                    yield
                    self._flush(unit)
                self._flush(unit)
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
        """Do a block as a part of a transaction, which can be undone by itself."""
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
    "reading": "BEGIN",  # as a writer, SQLite would be refused at once
}
_LOCK: Final = (
    "SELECT pg_advisory_xact_lock(hashtextextended(value, 0)) FROM json_array_elements_text(%(names)s::json) AS value"
)


def _locking(names: Iterable[str]) -> Call:
    """Return what locks names, in one order whoever asks."""
    return _LOCK, {"names": json.dumps(sorted(names))}
