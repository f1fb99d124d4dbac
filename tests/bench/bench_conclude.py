"""What concluding with a code costs through a database, against the same statements handed to the driver.

The statements are written down while the library concludes in one database, and then carried out in another one by
the plain driver, in the same order with the same values, one transaction a contract.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from time import perf_counter
from typing import Any, Final

import attrs
from sqlalchemy.engine import URL

from databases import databases, engine_of
from population import populate
from ratio import ROUNDS, measured, report
from referral_adapters.sql import SqlStore
from referral_core import Actor, Programme, ReferralDesk

NOW: Final = datetime(2025, 6, 1, 12, tzinfo=UTC)
TARGET: Final = "2.5 ×, aim 1.4 ×"
CODES, CONTRACTS = 10_000, 200
SECRET: Final = b"the same codes in every database"


def main() -> None:
    """Measure and print."""
    with databases("sqlite", "postgresql", each=3) as urls:
        for engine, (noted, subject, floor) in urls.items():
            texts, *_ = [populate(url, CODES) for url in (noted, subject, floor)]
            recorded = _recorded(noted, texts)
            ratio = measured(_concluding(subject, texts), _driven(floor, recorded))
            each = len(recorded) / (CONTRACTS * (ROUNDS + 1))
            what = f"concluding with a code on {engine} ({each:.0f} statements)"
            report(what, "the driver", ratio, TARGET, CONTRACTS)


@attrs.define
class NotingCursor:
    """A cursor that writes down what it is asked."""

    _cursor: Any
    noted: list[tuple[Any, ...]] = attrs.field(factory=list)

    def execute(self, *statement: object) -> object:
        """Carry a statement out, with its values if it has any, and note it."""
        self.noted.append(statement)
        return self._cursor.execute(*statement)

    def __getattr__(self, name: str) -> object:
        return getattr(self._cursor, name)


def _conclude(desk: ReferralDesk, number: int, texts: list[str]) -> None:
    desk.session(actor=Actor.system("bench"), now=NOW).sign_ups.conclude(
        f"new-{number}", account=f"new-{number}", customer=f"new-{number}", code=texts[number * 7 % len(texts)]
    )


def _recorded(url: URL, texts: list[str]) -> list[tuple[Any, ...]]:
    """Return all statements of all rounds."""
    programme = Programme.default()
    with SqlStore(url, programme, secret=SECRET) as store:
        desk = ReferralDesk(programme, store)
        connections: Any = store._connections
        cursor = connections._local.cursor = NotingCursor(connections.cursor())
        for number in range(CONTRACTS * (ROUNDS + 1)):
            _conclude(desk, number, texts)
        return list(cursor.noted)


def _concluding(url: URL, texts: list[str]) -> Callable[[], float]:
    programme = Programme.default()
    store = SqlStore(url, programme, secret=SECRET)
    desk, numbers = ReferralDesk(programme, store), count()

    def conclude() -> float:
        start = perf_counter()
        for _ in range(CONTRACTS):
            _conclude(desk, next(numbers), texts)
        return perf_counter() - start

    return conclude


def _driven(url: URL, recorded: list[tuple[Any, ...]]) -> Callable[[], float]:
    connection: Any = engine_of(url).raw_connection()
    if "sqlite" in url.drivername:
        connection.dbapi_connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
            connection.dbapi_connection.execute(f"PRAGMA {pragma}")
    else:
        connection.dbapi_connection.autocommit = True
    cursor, statements = connection.cursor(), iter(recorded)

    def drive() -> float:
        start = perf_counter()
        done = 0
        while done < CONTRACTS:
            statement = next(statements)
            cursor.execute(*statement)
            if cursor.description is not None:
                cursor.fetchall()
            done += statement[0] == "COMMIT"
        return perf_counter() - start

    return drive


if __name__ == "__main__":
    main()
