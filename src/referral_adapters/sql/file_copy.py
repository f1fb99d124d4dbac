"""Backups of an SQLite file, taken while others go on writing."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from referral_adapters.sql import schema
from referral_adapters.sql.connections import parsed_url
from referral_adapters.sql.errors import StoreFailed, translated
from referral_adapters.sql.schema import Purpose

_PAGES: Final = 1000
"""How many pages are copied between two words about how far it is."""

Teller = Callable[[int, int], None]
"""Is told how many pages were copied, and of how many."""


def backup(url: str | URL, place: Path, tell: Teller = lambda _done, _all: None) -> None:
    """Write a copy of an SQLite database to ``place``, as it is at one moment, whole or not at all.

    What stood there is replaced. The copy is a database like any other, in one file.

    :raises SchemaMismatch: its schema is not the one of this version.
    :raises ForeignDatabase: it is somebody else's.
    :raises StoreFailed: it is no SQLite database, cannot be read, or the copy cannot be written.
    """
    if parsed_url(url).get_backend_name() != "sqlite":
        raise StoreFailed(
            "Only an SQLite file is copied by this command: PostgreSQL has `pg_dump --format=custom`, or a backup of"
            " the whole server."
        )
    connections = schema.opened(url, Purpose.READ, hurried=False)
    try:
        with schema.told():
            connection = connections.get()
            # What is read first fixes the moment: a copy that saw others' changes would begin again and again.
            connection.exec_driver_sql("BEGIN")
            schema.version_of(connection)
            source: Any = connection.connection.driver_connection
        with _said(), _beside(place) as part:
            _copy(source, part, tell)
    finally:
        connections.close()


def _copy(source: sqlite3.Connection, part: Path, tell: Teller) -> None:
    with closing(sqlite3.connect(part)) as target:
        source.backup(target, pages=_PAGES, progress=lambda _, left, whole: tell(whole - left, whole), sleep=0)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, until it is opened
        (said,) = target.execute("PRAGMA quick_check(1)").fetchone()
        if said != "ok":
            raise StoreFailed("The database is damaged, and so would be the copy: see what `referral db check` says.")


@contextmanager
def _beside(place: Path) -> Iterator[Path]:
    """Yield a path beside the place for a file that takes the place at the end, and is gone after a failure."""
    part = place.with_name(f".referral-{secrets.token_hex(8)}.part")
    try:
        part.touch(mode=0o600)
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(place)
    finally:
        for left in (part, part.with_name(f"{part.name}-journal")):
            left.unlink(missing_ok=True)


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise translated(DBAPIError("backup", None, error)) from error
    except OSError as error:
        raise StoreFailed(f"The copy cannot be written: {error.strerror or error}.") from error
