"""Execution of statements on a store's connections, with the driver's errors translated."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import Executable

from referral_adapters.sql.connections import Connections, HostConnection
from referral_adapters.sql.errors import StoreFailed, translated
from referral_adapters.sql.exchange import Answer, StatementFailed, encoded, exchange
from referral_adapters.sql.prepared import Cursor, Parameters, Prepared, Row, prepared
from referral_core.values.errors import ReferralError

if TYPE_CHECKING:
    from referral_adapters.sql.patient_connection import PatientConnection

Call = tuple["str | Prepared", Mapping[str, Any]]
"""A statement, as text or prepared, and its parameters."""
_IDLE: Final = 0
"""The status of a connection without a transaction in ``libpq``: ``PQTRANS_IDLE``."""


class BatchFailed(Exception):
    """One statement of a batch failed; ``place`` is its number, from 0, and ``said`` the translated error."""

    def __init__(self, place: int, said: ReferralError) -> None:
        super().__init__(str(said))
        self.place = place
        self.said = said


class Executor:
    """The execution of statements on the connection of the calling thread, in the way of its database.

    ``is_held`` tells whether the thread is in a transaction. A broken connection is then kept until its end, so that no
    later statement of the transaction runs alone on a fresh connection.
    """

    def __init__(self, connections: Connections, is_held: Callable[[], bool]) -> None:
        self._connections = connections
        self._is_held = is_held
        self._database = connections.dialect
        self._kept: dict[Executable, Prepared] = {}
        self._errors: tuple[type[Exception], ...] = (self._database.loaded_dbapi.Error, UnicodeEncodeError)
        self.is_hosted: Final = isinstance(connections, HostConnection)
        self.is_read_only: Final = connections.read_only
        self.dialect: Final = self._database.name

    def prepared(self, statement: Executable, given: Parameters) -> Prepared:
        """Return a statement compiled for the database; the 1,024 statements used last are kept."""
        return prepared(statement, self._database, tuple(given))

    def kept(self, statement: Executable, given: Parameters) -> Prepared:
        """Return a compiled statement that lives as long as the program, by a faster look-up than :meth:`prepared`."""
        kept = self._kept.get(statement)
        if kept is None or kept.given != given.keys():
            kept = self._kept[statement] = self.prepared(statement, given)
        return kept

    def together(self, statements: Sequence[Call]) -> list[Answer]:
        """Execute statements up to the first that fails; on the store's own PostgreSQL connections in one round trip.

        :raises BatchFailed: a statement failed.
        """
        if self.dialect == "postgresql" and not self.is_hosted:
            return self._in_one_trip(statements)
        return self._one_after_another(statements)

    def answered(self, *statements: Call) -> list[Answer]:
        """Execute statements as :meth:`together` does, for callers to whom it does not matter which of them failed."""
        try:
            return self.together(statements)
        except BatchFailed as failure:
            raise failure.said from failure

    def rows(self, asked: Prepared, given: Parameters) -> list[Row]:
        """Execute one statement and return all of its rows."""
        try:
            cursor = self._connections.cursor()
            cursor.execute(asked.text, asked.values(given))
            return asked.rows(cursor)  # inside the block: a driver reports a value that it cannot read only here
        except self._errors as error:
            raise self._told(error) from error

    def change(self, change: Prepared, given: Parameters | list[dict[str, Any]]) -> int:
        """Execute one statement, once for each row of a list, and return the number of rows that it changed."""
        try:
            cursor = self._connections.cursor()
            if isinstance(given, list):
                cursor.executemany(change.text, [change.values(each) for each in given])
            else:
                cursor.execute(change.text, change.values(given))
        except self._errors as error:
            raise self._told(error) from error
        return cursor.rowcount

    def do(self, statement: str) -> None:
        """Execute one statement without parameters."""
        try:
            self._connections.cursor().execute(statement)
        except self._errors as error:
            raise self._told(error) from error

    @contextmanager
    def driver(self) -> Iterator[Any]:
        """Yield the driver's own connection; its errors are translated like those of a statement."""
        try:
            yield self._driver
        except self._errors as error:
            raise self._told(error) from error

    def undo(self, *statements: str) -> None:
        """Execute statements that undo work; if they fail, the connection is dropped, and its transaction with it."""
        with self._or_drop():
            self.together([(statement, {}) for statement in statements])

    def roll_back(self) -> None:
        """Roll back the transaction of this thread, if the driver knows of one.

        A transaction that was interrupted before its ``BEGIN`` was executed has none.
        """
        with self._or_drop():
            is_file, driver = self.dialect == "sqlite", self._driver
            if driver.in_transaction if is_file else driver.pgconn.transaction_status != _IDLE:
                self.together([("ROLLBACK", {})])

    @property
    def _driver(self) -> Any:  # noqa: ANN401 - a driver's
        return self._connections.get().connection.driver_connection

    def _in_one_trip(self, statements: Sequence[Call]) -> list[Answer]:
        try:
            sent = [
                (_numbered(statement), [encoded(value) for value in given.values()])
                if isinstance(statement, str)
                else statement.sent(given)
                for statement, given in statements
            ]
            return exchange(cast("PatientConnection", self._driver), sent)
        except StatementFailed as failed:
            raise BatchFailed(failed.place, self._told(failed.error)) from failed.error
        except self._errors as error:
            raise self._told(error) from error

    def _one_after_another(self, statements: Sequence[Call]) -> list[Answer]:
        answers: list[Answer] = []
        try:
            cursor: Cursor = self._connections.cursor()
            for statement, given in statements:
                if isinstance(statement, str):
                    cursor.execute(statement, *([given] if given else []))
                else:
                    cursor.execute(statement.text, statement.values(given))
                answers.append((cursor.rowcount, list(cursor.fetchall()) if cursor.description is not None else []))
        except self._errors as error:
            raise BatchFailed(len(answers), self._told(error)) from error
        return answers

    @contextmanager
    def _or_drop(self) -> Iterator[None]:
        try:
            yield
        except Exception:  # noqa: BLE001 - whatever the error, the end of the connection undoes the work
            self._connections.drop()

    def _told(self, error: Exception) -> ReferralError:
        """Return the translated error, and drop a connection that is broken."""
        if isinstance(error, UnicodeEncodeError):  # half of a surrogate pair, which UTF-8 cannot encode
            return StoreFailed("A text holds a character that the database cannot keep.")
        if not self._is_held() and self._connections.is_lost(error):
            self._connections.drop()
        return translated(error)


@functools.cache
def _numbered(statement: str) -> bytes:
    """Return a statement written by hand with ``$1`` in the place of its one parameter, as the server reads it."""
    return statement.replace("%(names)s", "$1").encode()
