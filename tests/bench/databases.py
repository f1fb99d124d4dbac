"""The databases that benchmarks run on: an SQLite file, and a PostgreSQL server of their own."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import URL

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.adapters.postgres_server import postgres_server


@contextmanager
def databases(*engines: str) -> Iterator[dict[str, URL]]:
    """Yield an empty database for each engine asked for; PostgreSQL is left out where there is none."""
    with tempfile.TemporaryDirectory(prefix="referral-bench-") as folder, postgres_server() as server:
        found = {"sqlite": URL.create("sqlite", database=f"{folder}/referral.db")} if "sqlite" in engines else {}
        if server is None or "postgresql" not in engines:
            yield found
            return
        with server.database() as url:
            yield {**found, "postgresql": url}
