"""What concluding with a code and activating cost through a database, against the same rows handed to the driver.

What the library writes while it concludes in one database is written down, and then written by the plain driver into
another one: the same rows, inserted or changed one by one in one transaction a contract. The floor reads nothing, locks
nothing and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from time import perf_counter
from typing import Any, Final
from unittest.mock import patch

from sqlalchemy.engine import URL

from databases import databases, engine_of
from population import populate
from ratio import ROUNDS, measured, report
from referral_adapters.sql import SqlStore
from referral_adapters.sql.executor import Call, Executor
from referral_adapters.sql.patient_connection import PatientConnection
from referral_core import Actor, Programme, ReferralDesk, Session

NOW: Final = datetime(2025, 6, 1, 12, tzinfo=UTC)
LATER: Final = NOW + timedelta(days=30)
TARGETS: Final = {"postgresql": "1 ×, aim 0.7 ×", "sqlite": "2 ×, aim 1.5 ×"}
CODES, CONTRACTS = 10_000, 200
SECRET: Final = b"the same codes in every database"
Written = tuple[str, Any]
"""A statement that changes a row, with its values."""


class Bench:
    """A database with codes, in which contracts are concluded one after another, and activated in the same order."""

    def __init__(self, url: URL) -> None:
        self._codes = populate(url, CODES)
        self.store = SqlStore(url, Programme.default(), secret=SECRET)
        self._desk = ReferralDesk(Programme.default(), self.store)
        self._concluded, self._activated = count(), count()

    def conclude(self) -> None:
        """Conclude the next contract."""
        number = next(self._concluded)
        new, code = f"new-{number}", self._codes[number * 7 % len(self._codes)]
        self._session(NOW).sign_ups.conclude(new, account=new, customer=new, code=code)

    def activate(self) -> None:
        """Activate the next contract."""
        self._session(LATER).contracts.activate(f"new-{next(self._activated)}")

    def _session(self, now: datetime) -> Session:
        return self._desk.session(actor=Actor.system("bench"), now=now)


def main() -> None:
    """Measure and print."""
    with databases("sqlite", "postgresql", each=3, server={"fsync": "on"}) as urls:
        for engine, (model, subject, floor) in urls.items():
            written, ours, driver = Bench(model), Bench(subject), Driver(floor)
            for act in ("conclude", "activate"):
                rows = [_written(written.store, getattr(written, act)) for _ in range(CONTRACTS * (ROUNDS + 1))]
                ratio = measured(_timed(getattr(ours, act)), _timed(driver.writing(rows)))
                trips = f" in {_trips(getattr(ours, act))} round trips" if engine == "postgresql" else ""
                what = f"{act} on {engine} ({len(rows[-1])} rows{trips})"
                report(what, "the driver, row by row", ratio, TARGETS[engine], CONTRACTS)


class Driver:
    """The plain driver on a database with the same codes."""

    _connection: Any

    def __init__(self, url: URL) -> None:
        populate(url, CODES)
        SqlStore(url, Programme.default(), secret=SECRET).close()
        connection: Any = engine_of(url).raw_connection().dbapi_connection
        self._is_sqlite = "sqlite" in url.drivername
        if self._is_sqlite:
            connection.isolation_level = None
            for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
                connection.execute(f"PRAGMA {pragma}")
        else:
            connection.autocommit = True
        self._connection = connection

    def writing(self, acts: Sequence[list[Written]]) -> Callable[[], None]:
        """Return what writes the rows of the next act in a transaction of their own."""
        rest, cursor = iter(acts), self._connection.cursor()
        begin = "BEGIN IMMEDIATE" if self._is_sqlite else "BEGIN"

        def write() -> None:
            cursor.execute(begin)
            for text, values in next(rest):
                cursor.execute(text, values)
                assert cursor.rowcount == 1
            cursor.execute("COMMIT")

        return write


def _timed(act: Callable[[], None]) -> Callable[[], float]:
    def many() -> float:
        start = perf_counter()
        for _ in range(CONTRACTS):
            act()
        return perf_counter() - start

    return many


def _written(store: SqlStore, act: Callable[[], None]) -> list[Written]:
    """Return what an act writes, statement by statement, as the driver's cursor takes it."""
    noted: list[Written] = []
    together = store._work._executor.together

    def noting(_: Executor, statements: Sequence[Call]) -> object:
        for statement, given in statements:
            if not isinstance(statement, str) and statement.changes:
                noted.append((statement.text, statement.values(given)))
        return together(statements)

    with patch.object(Executor, "together", noting):
        act()
    return noted


def _trips(act: Callable[[], None]) -> int:
    """Return how often an act waits for the server."""
    with _counting() as trips:
        act()
    return len(trips)


@contextmanager
def _counting() -> Iterator[list[None]]:
    trips, wait = list[None](), PatientConnection.wait

    def counted(connection: PatientConnection, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - the driver's
        trips.append(None)
        return wait(connection, *given, **named)

    with patch.object(PatientConnection, "wait", counted):
        yield trips


if __name__ == "__main__":
    main()
