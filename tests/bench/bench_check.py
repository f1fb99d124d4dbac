"""What a check through a database costs, against the driver reading the same rows by the same one statement.

With more codes it should cost more only as far as the read itself does; ``--codes 10000 1000000`` shows that.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle
from time import perf_counter
from typing import Any, Final

from sqlalchemy.engine import URL

from databases import databases, engine_of
from population import populate
from ratio import measured, report
from referral_adapters.sql import SqlStore
from referral_adapters.sql.codes import GATHERED
from referral_adapters.sql.prepared import prepared
from referral_core import Actor, Programme, ReferralDesk

NOW: Final = datetime(2025, 6, 1, 12, tzinfo=UTC)
TARGETS: Final = {"sqlite": "3 ×, aim 2.2 ×", "postgresql": "2.5 ×, aim 1.5 ×"}
CHECKS: Final = 1_000
NAMES: Final = ("code", "customer", "referrer_group", "referee_group")
GROWING: Final = ("code_texts", "promo_codes", "contracts", "live_referrals")
Question = tuple[str, str]
"""A code and a customer."""


def main() -> None:
    """Measure and print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--codes", type=int, nargs="+", default=[10_000, 200_000], help="how many codes there are")
    sizes = sorted(given.parse_args().codes)
    with databases("sqlite", "postgresql") as urls:
        for engine, (url,) in urls.items():
            _measure_all(engine, url, sizes)


def _measure_all(engine: str, url: URL, sizes: list[int]) -> None:
    seen = []
    for before, count in zip([0, *sizes], sizes, strict=False):
        texts = populate(url, count, first=before)
        ratio = measured(*_contenders(url, texts))
        report(f"a check on {engine}, {count:,} codes", "the driver", ratio, TARGETS[engine], CHECKS)
        seen.append(ratio)
    print(f"tables that a check on {engine} reads from end to end: {', '.join(_scanned(url)) or 'none'}; target none")
    if len(seen) > 1:
        own, floor = seen[-1].subject / seen[0].subject, seen[-1].floor / seen[0].floor
        print(
            f"growth of a check on {engine}, {sizes[0]:,} to {sizes[-1]:,} codes: {own:.2f} ×; the driver's own:"
            f" {floor:.2f} ×; ratio {own / floor:.2f}; target 1.2, aim 1.05"
        )


def _scanned(url: URL) -> list[str]:
    """Return the tables that grow and that the database means to read from end to end; groups are a handful."""
    engine = engine_of(url)
    asked = dict(zip(NAMES, ("C0000001", "customer-1", "referrer", "referee-manual"), strict=True))
    statement = prepared(GATHERED, engine.dialect, NAMES)
    explain = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    connection: Any = engine.raw_connection()
    plan = str(connection.cursor().execute(f"{explain} {statement.text}", statement.values(asked)).fetchall())
    connection.close()
    engine.dispose()
    return [table for table in GROWING if f"SCAN {table}" in plan or f"Seq Scan on {table}" in plan]


def _contenders(url: URL, texts: list[str]) -> tuple[Callable[[], float], Callable[[], float]]:
    """Return what measures the same questions asked of the library and of the driver; every customer is another."""
    programme = Programme.default()
    store = SqlStore(url, programme)
    desk, system = ReferralDesk(programme, store), Actor.system("bench")
    chance = random.Random(7)
    asked = cycle([(chance.choice(texts), f"customer-{chance.randrange(2 * len(texts))}") for _ in range(20 * CHECKS)])
    read = reading(url, programme)

    def check(question: Question) -> object:
        return desk.session(actor=system, now=NOW).codes.check(question[0], customer=question[1])

    return _timed(check, asked), _timed(read, asked)


def _timed(act: Callable[[Question], object], asked: cycle[Question]) -> Callable[[], float]:
    def timed() -> float:
        questions = [next(asked) for _ in range(CHECKS)]
        start = perf_counter()
        for question in questions:
            act(question)
        return perf_counter() - start

    return timed


def reading(url: URL, programme: Programme) -> Callable[[Question], object]:
    """Return the same read through the plain driver: one statement, kept prepared, and its rows as they come."""
    engine = engine_of(url)
    groups = programme.referrer_group, programme.referee_group_for("self-service", "household", "electricity")
    statement = prepared(GATHERED, engine.dialect, NAMES)
    places = statement.values({name: name for name in NAMES})
    connection: Any = engine.raw_connection()
    if engine.dialect.name == "postgresql":
        connection.dbapi_connection.autocommit = True
    cursor = connection.cursor()

    def read(question: Question) -> object:
        given = dict(zip(NAMES, (*question, *groups), strict=True))
        values = given if isinstance(places, dict) else [given[name] for name in places]
        return cursor.execute(statement.text, values).fetchall()

    return read


if __name__ == "__main__":
    main()
