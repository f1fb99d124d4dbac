"""What concluding with a code costs through a database, against the same statements handed to the driver.

The statements are written down while the library concludes in one database, and then carried out in another one by
the plain driver, in the same order with the same values and in the same round trips, one transaction a contract.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import count
from time import perf_counter
from typing import Any, Final, TypeAlias
from unittest.mock import patch

import attrs
from sqlalchemy.engine import URL

from databases import databases, engine_of
from population import populate
from ratio import ROUNDS, measured, report
from referral_adapters.sql import SqlStore
from referral_adapters.sql.work import Work
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
            contracts = CONTRACTS * (ROUNDS + 1)
            statements, trips = sum(map(len, recorded)) / contracts, len(recorded) / contracts
            what = f"concluding with a code on {engine} ({statements:.0f} statements in {trips:.0f} trips)"
            report(what, "the driver", ratio, TARGET, CONTRACTS)


Trip: TypeAlias = list[tuple[Any, ...]]
"""The statements that go to the database together, each with its values if it has any."""


@attrs.define
class NotingCursor:
    """A cursor that writes down what it is asked."""

    _cursor: Any
    _noted: list[Trip]

    def execute(self, *statement: object) -> object:
        """Carry a statement out, and note it."""
        self._noted.append([statement])
        return self._cursor.execute(*statement)

    def __getattr__(self, name: str) -> object:
        return getattr(self._cursor, name)


def _conclude(desk: ReferralDesk, number: int, texts: list[str]) -> None:
    desk.session(actor=Actor.system("bench"), now=NOW).sign_ups.conclude(
        f"new-{number}", account=f"new-{number}", customer=f"new-{number}", code=texts[number * 7 % len(texts)]
    )


def _recorded(url: URL, texts: list[str]) -> list[Trip]:
    """Return all statements of all rounds."""
    programme, noted, together = Programme.default(), list[Trip](), Work._together

    def noting(work: Work, statements: Trip) -> object:
        noted.append(list(statements))
        return together(work, statements)

    with SqlStore(url, programme, secret=SECRET) as store, patch.object(Work, "_together", noting):
        desk = ReferralDesk(programme, store)
        connections: Any = store._connections
        connections._local.cursor = NotingCursor(connections.cursor(), noted)
        for number in range(CONTRACTS * (ROUNDS + 1)):
            _conclude(desk, number, texts)
    return noted


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


def _driven(url: URL, recorded: list[Trip]) -> Callable[[], float]:
    connection: Any = engine_of(url).raw_connection().dbapi_connection
    if "sqlite" in url.drivername:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
    else:
        connection.autocommit = True
    trips = iter(recorded)

    def drive() -> float:
        start = perf_counter()
        done = 0
        while done < CONTRACTS:
            trip = next(trips)
            with nullcontext() if len(trip) == 1 else connection.pipeline():
                cursors = [connection.cursor() for _ in trip]
                for cursor, statement in zip(cursors, trip, strict=True):
                    cursor.execute(*statement)
            for cursor in cursors:
                if cursor.description is not None:
                    cursor.fetchall()
            done += any(text == "COMMIT" for text, *_ in trip)
        return perf_counter() - start

    return drive


if __name__ == "__main__":
    main()
