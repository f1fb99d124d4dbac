"""How fast a launch run issues codes, against ``COPY`` of the same rows into the same tables of PostgreSQL.

``python tests/bench/bench_launch.py`` prints subject, floor, ratio and target, the rate and the peak of memory. It
starts a server of its own, unless ``REFERRAL_TEST_POSTGRES`` names one. ``--accounts 1000000 --rounds 1`` is a launch
of a million.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from psycopg import Connection

from ratio import measured, seconds
from referral_adapters.cli.launch_command import rare_garbage_collection
from referral_adapters.launch import CodeRun
from referral_adapters.sql import SqlStore, upgrade
from referral_core import Actor, Contract, Programme

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.adapters.postgres_server import postgres_server

LAUNCH: Final = datetime(2026, 3, 1, tzinfo=UTC)
TABLES: Final = ("promo_codes", "code_texts", "trace_entries")
"""The tables that a launch run writes to, the longest to fill first."""
SYSTEM: Final = Actor.system("launch")
BLOCK: Final = 1 << 18


def contracts(numbers: range) -> list[Contract]:
    """Return a contract in force for each account of these numbers."""
    return [
        Contract.imported(
            id=f"K-{number:09}",
            account=f"A-{number:09}",
            customer=f"C-{number:09}",
            product="electricity",
            segment="household",
            channel="self-service",
            concluded_at=LAUNCH - timedelta(days=700),
            activated_at=LAUNCH - timedelta(days=690),
        )
        for number in numbers
    ]


class Launch:
    """A database with accounts and without codes, in which a launch is run and undone over and over."""

    def __init__(self, store: SqlStore, driver: Connection[Any], folder: Path, accounts: int) -> None:
        self._store, self._driver, self._folder, self._accounts = store, driver, folder, accounts
        for first in range(0, accounts, 10_000):
            store.contracts.add_all(contracts(range(first, min(first + 10_000, accounts))))
        driver.execute("VACUUM ANALYZE")

    def run(self) -> None:
        """Issue a code to every account."""
        run = CodeRun(Programme.default(), self._store, at=LAUNCH, actor=SYSTEM)
        with rare_garbage_collection():  # as the command does
            while not run.is_done:
                run.take()
        assert run.issued == self._accounts

    def keep(self) -> None:
        """Write the rows of a run to files, one a table."""
        for table in TABLES:
            with self._driver.cursor().copy(f"COPY {table} TO STDOUT") as copy, self._rows(table).open("wb") as file:
                file.writelines(copy)

    def copy(self) -> None:
        """Do what a launch run cannot do without: have its rows in the tables."""
        with self._driver.transaction():
            for table in TABLES:
                with (
                    self._driver.cursor().copy(f"COPY {table} FROM STDIN") as copy,
                    self._rows(table).open("rb") as file,
                ):
                    while block := file.read(BLOCK):
                        copy.write(block)

    def forget(self) -> None:
        """Make the tables as they were before any run."""
        guarded = ("trace_entries", "outbox")
        for table in guarded:
            self._driver.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        self._driver.execute(f"TRUNCATE {', '.join(TABLES)}, outbox")
        for table in guarded:
            self._driver.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        self._driver.execute("CHECKPOINT")

    def _rows(self, table: str) -> Path:
        return self._folder / table


@contextmanager
def launch(accounts: int) -> Iterator[Launch]:
    """Yield a launch in a database of its own."""
    with postgres_server() as server:
        if server is None:
            sys.exit("There is no PostgreSQL.")
        with server.database() as url, tempfile.TemporaryDirectory() as folder:
            upgrade(url)
            with SqlStore(url, Programme.default()) as store, server.connected(url) as driver:
                yield Launch(store, driver, Path(folder), accounts)


def main() -> None:
    """Measure and print."""
    given = argparse.ArgumentParser()
    given.add_argument("--accounts", type=int, default=20_000)
    given.add_argument("--rounds", type=int, default=7)
    options = given.parse_args()
    with launch(options.accounts) as subject:
        run, copy = seconds(subject.run), seconds(subject.copy)
        run()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        subject.keep()

        def anew(timed: Any) -> Any:  # noqa: ANN401 - a measurement
            def after_forgetting() -> float:
                subject.forget()
                return float(timed())

            return after_forgetting

        ratio = measured(anew(copy), anew(run), options.rounds)
    each = 1e6 / options.accounts
    print(
        f"launch run of {options.accounts:,} accounts: {ratio.floor * each:,.1f} µs a code, "
        f"{options.accounts / ratio.floor:,.0f} codes/s; COPY of the same rows: {ratio.subject * each:,.1f} µs; "
        f"{ratio.ratio:.2f} × its speed ({ratio.lower:.2f} to {ratio.upper:.2f}); target 0.5 ×, aim 0.9 ×; "
        f"peak memory {peak:,.0f} MiB"
    )


if __name__ == "__main__":
    main()
