"""Backups of an SQLite file, taken while other connections go on writing."""

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
"""The number of pages copied between two reports of progress."""

Teller = Callable[[int, int], None]
"""A listener to the progress: the number of pages copied, and the number of all pages."""


def backup(url: str | URL, place: Path, tell: Teller = lambda _done, _all: None) -> None:
    """Write a copy of an SQLite database at one moment to ``place``, completely or not at all.

    A file at ``place`` is replaced. The copy is an ordinary database in one file.

    :raises SchemaMismatch: the schema of the database is not the one of this version.
    :raises ForeignDatabase: the database belongs to another program.
    :raises StoreFailed: the database is not an SQLite file or cannot be read, or the copy cannot be written.
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
            # The first read in the transaction fixes the moment. Without it SQLite's backup would begin again after
            # every commit of another connection.
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
        # A copy of a file in WAL mode is in WAL mode too, and would need a log beside it to be read.
        target.execute("PRAGMA journal_mode=DELETE")
        (report,) = target.execute("PRAGMA quick_check(1)").fetchone()
        if report != "ok":
            raise StoreFailed("The database is damaged, and so would be the copy: see what `referral db check` says.")


@contextmanager
def _beside(place: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``place``; its file replaces ``place`` at the end, or is removed on failure."""
    # In the same folder, since a file is replaced in one step only within a file system.
    part = place.with_name(f".referral-{secrets.token_hex(8)}.part")
    try:
        part.touch(mode=0o600)  # before SQLite opens it, which would let others read the personal data in it
        yield part
        # On the disk before it has its name: a power failure must not leave an empty file in the place of the old one.
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
