"""Work on a database: statements, and the transactions they belong to.

**SQLite** has one writer at a time: a transaction begins with ``BEGIN IMMEDIATE``, so what it reads is still so when
it writes.

**PostgreSQL** runs at ``READ COMMITTED``, where constraints decide every race, and a transaction that reads what it may
change locks it: contracts, accounts' contracts, referrals, legs and cases one by one. Promo codes and groups, which
many sign-ups read at once, are not locked; whoever stores a next state of one must have read the last one, else it is
told :class:`~referral_adapters.sql.errors.ConcurrentChange`. So is whoever PostgreSQL picks to end a deadlock.

A call outside of a transaction is one by itself and is tried again by itself.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from sqlalchemy import Executable

from referral_adapters.sql.connections import Connections, HostConnection
from referral_adapters.sql.errors import StoreFailed, translated
from referral_adapters.sql.prepared import Cursor, Parameters, Prepared, Row, prepared
from referral_core.values.errors import ConcurrentChange, ReferralError

ATTEMPTS: Final = 6
"""How often a call outside of a transaction is tried before its caller is told of the conflict."""
_PAUSE: Final = 0.01

T = TypeVar("T")
End = tuple[int, str]
"""The end of a chain of the trace: how many rows it has, and the hash of the last."""


class Work:
    """The statements of a store; each thread has a transaction of its own."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._is_hosted = isinstance(connections, HostConnection)
        self._local = threading.local()
        self._database = connections.dialect
        self._driver_error: type[Exception] = self._database.loaded_dbapi.Error
        self._errors: tuple[type[Exception], ...] = (self._driver_error, UnicodeEncodeError)
        self.dialect = self._database.name
        self._steps = _STEPS["reading" if connections.read_only else self.dialect]

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
        try:
            cursor = self._connections.cursor()
            cursor.execute(asked.text, asked.values(given))
            return asked.rows(cursor)  # what a driver cannot read, it says only now
        except self._errors as error:
            raise self._told(error) from error

    def row(self, statement: Executable, parameters: Parameters | None = None) -> Row | None:
        """Return the first row that a statement returns, if any."""
        rows = self.rows(statement, parameters)
        return rows[0] if rows else None

    def change(self, statement: Executable, parameters: Parameters | list[dict[str, Any]] | None = None) -> int:
        """Carry a statement out, once or for each of many rows, and return how many rows it changed."""
        if isinstance(parameters, list):
            repeated = self._as_prepared(statement, parameters[0])
            many = [repeated.values(each) for each in parameters]
            return self._done(lambda cursor: cursor.executemany(repeated.text, many)).rowcount
        given = parameters or {}
        return self._executed(self._as_prepared(statement, given), given).rowcount

    @contextmanager
    def driver(self) -> Iterator[Any]:
        """Yield the driver's own connection, for what only it can do; its errors are told like those of a statement."""
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
                    self._do("SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))", {"name": name})
                    held["lock", name] = 1

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do a block as a whole or not at all; inside another one it is a part of it."""
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

    def run(self, act: Callable[[], T]) -> T:
        """Do an act in a transaction, and again when there is a conflict, unless it is a part of another transaction.

        :raises ConcurrentChange: others were quicker all the time, or the outer transaction must be tried again.
        """
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


_STEPS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "sqlite": ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",)),
    "postgresql": ("BEGIN", "COMMIT", ("ROLLBACK",)),
    "reading": ("BEGIN", "COMMIT", ("ROLLBACK",)),  # as a writer, SQLite would be refused at once
}


@functools.cache
def _part(depth: int) -> tuple[str, str, tuple[str, ...]]:
    name = f"part_{depth}"
    return f"SAVEPOINT {name}", f"RELEASE {name}", (f"ROLLBACK TO {name}", f"RELEASE {name}")
