"""The databases that benchmarks run on: an SQLite file, and a PostgreSQL server of their own."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.adapters.postgres_server import postgres_server


@contextmanager
def databases(*engines: str, each: int = 1, server: Mapping[str, str] | None = None) -> Iterator[dict[str, list[URL]]]:
    """Yield empty databases for each engine asked for; PostgreSQL is left out where there is none.

    ``server`` has other settings for a server of our own than tests do with.
    """
    with ExitStack() as opened:
        folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="referral-bench-"))
        found = {}
        if "sqlite" in engines:
            found["sqlite"] = [URL.create("sqlite", database=f"{folder}/{number}.db") for number in range(each)]
        postgres = opened.enter_context(postgres_server(server)) if "postgresql" in engines else None
        if postgres is not None:
            found["postgresql"] = [opened.enter_context(postgres.database()) for _ in range(each)]
        yield found


def engine_of(url: URL) -> Engine:
    """Return an engine of SQLAlchemy's for a database."""
    return create_engine(url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url)
