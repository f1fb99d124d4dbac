"""Execution: statements go to a database, answers come back, and errors are told in this library's words."""

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
"""A statement, as text or prepared, and what it is given."""
_IDLE: Final = 0
"""What ``libpq`` calls a connection that is in no transaction."""


class BatchFailed(Exception):
    """A statement of several failed; ``place`` is its number, and ``said`` what that means."""

    def __init__(self, place: int, said: ReferralError) -> None:
        super().__init__(str(said))
        self.place = place
        self.said = said


class Executor:
    """The connections of a store, one for each thread, and how to speak to what is behind them.

    ``is_held`` tells whether the thread is in a transaction: then a connection that is gone stays until that has ended.
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
        """Return a statement in the words of the database."""
        return prepared(statement, self._database, tuple(given))

    def kept(self, statement: Executable, given: Parameters) -> Prepared:
        """Return the same of a statement that is there as long as the program: it is found more quickly."""
        kept = self._kept.get(statement)
        if kept is None or kept.given != given.keys():
            kept = self._kept[statement] = self.prepared(statement, given)
        return kept

    def together(self, statements: Sequence[Call]) -> list[Answer]:
        """Carry out statements, on PostgreSQL in one round trip, up to the first that fails.

        :raises BatchFailed: one failed.
        """
        if self.dialect == "postgresql" and not self.is_hosted:
            return self._in_one_trip(statements)
        return self._one_after_another(statements)

    def answered(self, *statements: Call) -> list[Answer]:
        """Carry out statements that only ask and lock, or none of which matters by itself."""
        try:
            return self.together(statements)
        except BatchFailed as failure:
            raise failure.said from failure

    def rows(self, asked: Prepared, given: Parameters) -> list[Row]:
        """Return all rows that one statement returns."""
        try:
            cursor = self._connections.cursor()
            cursor.execute(asked.text, asked.values(given))
            return asked.rows(cursor)  # what a driver cannot read, it says only now
        except self._errors as error:
            raise self._told(error) from error

    def change(self, change: Prepared, given: Parameters | list[dict[str, Any]]) -> int:
        """Carry one statement out, for each of many rows if it is given many; return how many rows it changed."""
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
        """Carry one statement out."""
        try:
            self._connections.cursor().execute(statement)
        except self._errors as error:
            raise self._told(error) from error

    @contextmanager
    def driver(self) -> Iterator[Any]:
        """Yield the driver's own connection; its errors are told like those of a statement."""
        try:
            yield self._driver
        except self._errors as error:
            raise self._told(error) from error

    def undo(self, *statements: str) -> None:
        """Carry out statements that undo something; where they fail, the connection and its transaction go."""
        with self._or_drop():
            self.together([(statement, {}) for statement in statements])

    def roll_back(self) -> None:
        """End a transaction, which may have been broken off before it began."""
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
        except Exception:  # noqa: BLE001 - whatever it says, what was to be undone is undone by that
            self._connections.drop()

    def _told(self, error: Exception) -> ReferralError:
        """Return what the driver says in this library's words, having given up a connection that is gone."""
        if isinstance(error, UnicodeEncodeError):  # half of a surrogate pair, which no UTF-8 can hold
            return StoreFailed("A text holds a character that the database cannot keep.")
        if not self._is_held() and self._connections.is_lost(error):
            self._connections.drop()
        return translated(error)


@functools.cache
def _numbered(statement: str) -> bytes:
    """Return a text with a number in the place of the one value that it may be given."""
    return statement.replace("%(names)s", "$1").encode()
