"""All that a database holds, seen from outside: so that whatever is stored is noticed, by whatever way it came."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import psycopg

from referral_adapters.sql.tables import METADATA


class Ledger(ABC):
    """What a database holds; ``version`` changes whenever somebody writes, whatever they write."""

    def __init__(self) -> None:
        self._version = self.version()
        self._digest = self._digested()

    @abstractmethod
    def version(self) -> str:
        """Return something else after each writing."""

    @abstractmethod
    def dumped(self) -> str:
        """Return all that is in it."""

    @abstractmethod
    def close(self) -> None:
        """Look no more."""

    def has_changed(self) -> bool:
        """Tell whether there is something else in it than when that was asked before."""
        version = self.version()
        if version == self._version:  # nobody has written since
            return False
        before, self._version, self._digest = self._digest, version, self._digested()
        return self._digest != before

    def _digested(self) -> bytes:
        return sha256(self.dumped().encode()).digest()


class SqliteLedger(Ledger):
    """What an SQLite file holds."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        super().__init__()

    def version(self) -> str:
        """Return the version that SQLite gives the data for other connections."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return str(version)

    def dumped(self) -> str:
        """Return all that is in it."""
        return "\n".join(self._connection.iterdump())

    def close(self) -> None:
        """Look no more."""
        self._connection.close()


_EACH: Final = " UNION ALL ".join(
    f"""SELECT '{table.name}', string_agg(x::text, E'\\n' ORDER BY x::text) FROM "{table.name}" AS x"""
    for table in METADATA.sorted_tables
)
_TABLES: Final = f"{_EACH} ORDER BY 1"  # else in the order that its planner finds best today


class PostgresLedger(Ledger):
    """What a database of PostgreSQL holds."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        super().__init__()

    def version(self) -> str:
        """Return the number of the next transaction that writes."""
        return self._read("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")

    def dumped(self) -> str:
        """Return all that is in its tables."""
        return self._read(_TABLES)

    def close(self) -> None:
        """Look no more."""
        self._connection.close()

    def _read(self, query: str) -> str:
        return repr(self._connection.execute(query.encode()).fetchall())
