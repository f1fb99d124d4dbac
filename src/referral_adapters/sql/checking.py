"""Looking at a whole database: is everything there, and does what it says agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from referral_adapters.sql import schema
from referral_adapters.sql.finding import Finding
from referral_adapters.sql.laws import LAWS
from referral_adapters.sql.schema import Purpose
from referral_adapters.sql.shape import roll_back, shape_findings

_PRAGMAS: Final = {"journal_mode": ("wal", "delete"), "foreign_keys": (1,), "encoding": ("UTF-8",)}
"""What a store sets in SQLite, which keeps some of it from being set without a word.

Of the first two kinds of journal the second is that of a copy on which nobody has worked yet: a check leaves it so.
"""
_SNAPSHOT: Final = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}

Teller = Callable[[str], None]
"""Is told what is looked at next."""


def check(url: str | URL, tell: Teller = lambda _: None) -> Iterator[Finding]:
    """Yield everything that is wrong with a database, and change nothing in it; others may go on writing.

    First the file itself where it is one, then whether all that the migrations make is there and as they made it, then
    whether the tables agree with each other, at one moment.

    :raises SchemaMismatch: its schema is not the one of this version.
    :raises ForeignDatabase: it is somebody else's.
    :raises StoreFailed: it cannot be opened, or not be read to the end.
    """
    connections = schema.opened(url, Purpose.ASK, hurried=False)
    try:
        with schema.told():
            connection = connections.get()
            if connection.dialect.name == "sqlite":
                tell("the file")
                yield from _file_findings(connection)
            tell("the tables")
            if not (yield from shape_findings(connection)):
                yield Finding("data", "all tables", "What the tables say was not looked at, since a part is missing.")
                return
            with _one_moment(connection):
                for law in LAWS:
                    tell(law.name)
                    yield from law.findings(connection)
    finally:
        connections.close()


def _file_findings(connection: Connection) -> Iterator[Finding]:
    for name, wanted in _PRAGMAS.items():
        found = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
        if found not in wanted:
            yield Finding("file", name, f"The setting {name} stays {found!r} and should be {wanted[0]!r}.")
    for said in connection.exec_driver_sql("PRAGMA integrity_check").scalars():
        if said != "ok":
            yield Finding("file", "integrity", f"The file is damaged: {said}.")
    for table, row, other, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield Finding("file", table, f"Row {row} of {table} refers to a row of {other} that is not there.")


@contextmanager
def _one_moment(connection: Connection) -> Iterator[None]:
    """Let everything in the block be seen as it is at one moment."""
    connection.exec_driver_sql(_SNAPSHOT[connection.dialect.name])
    try:
        yield
    finally:
        roll_back(connection)
