"""Reading an SQLite file so that it stays as it is, to the byte, and nothing appears or goes beside it.

SQLite itself is not that careful. An ordinary connection that only reads may make the file, roll back a journal, copy
the write-ahead log into the file, or make an index of the log.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import unquote, urlsplit

from sqlalchemy.engine import URL

from referral_adapters.sql.errors import StoreFailed, translated

_MAGIC: Final = b"SQLite format 3\0"
_READ_VERSION: Final = 19
"""Where a file's header says whether it is to be read with a write-ahead log."""
_WITH_LOG: Final = 2
_BESIDE: Final = ("-wal", "-journal")

CANNOT_BE_OPENED: Final = "The database file cannot be opened."


def file_of(url: URL) -> Path:
    """Return the file that the URL of an SQLite database names, where it really lies: what belongs to it lies there."""
    name = str(url.database)
    if "uri" in url.query and name.startswith("file:"):
        name = unquote(urlsplit(name).path)
    return Path(os.path.realpath(name))


@contextmanager
def untouched(path: Path, patience: float) -> Iterator[sqlite3.Connection | None]:
    """Yield a connection that reads a file and changes nothing, or ``None`` when the file is empty.

    ``patience`` is how many seconds it waits for a writer.

    :raises FileNotFoundError: there is no such file.
    :raises StoreFailed: it is no database, is damaged, or cannot be read.
    :raises ConcurrentChange: somebody else holds the whole file.
    """
    with ExitStack() as opened:
        try:
            header = _header(path)
            connection = opened.enter_context(closing(_reading(path, header, patience, opened))) if header else None
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as error:
            raise StoreFailed(CANNOT_BE_OPENED) from error
        except sqlite3.Error as error:
            raise translated(error) from error
        try:
            yield connection
        except sqlite3.Error as error:
            raise translated(error) from error


def _header(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise StoreFailed(CANNOT_BE_OPENED)
    with path.open("rb") as file:
        header = file.read(_READ_VERSION + 1)
    if header and not header.startswith(_MAGIC):  # SQLite itself takes a file of one byte for an empty one
        raise sqlite3.DatabaseError("file is not a database")
    return header


def _reading(path: Path, header: bytes, patience: float, opened: ExitStack) -> sqlite3.Connection:
    if header[_READ_VERSION:] == bytes([_WITH_LOG]) and not _size(path, "-wal"):
        # Without a log the file says it all; any other way of reading it would make one.
        return _connected(path, "immutable=1", patience)
    try:
        return _connected(path, "mode=ro&readonly_shm=1", patience)
    except sqlite3.OperationalError as error:
        if not _is_left_behind(path, error):
            raise
    # Somebody ended in the middle, and what they left tells the rest. To read that is to change it: so in a copy.
    folder = Path(opened.enter_context(TemporaryDirectory(prefix="referral-look-")))
    for suffix in ("", *(each for each in _BESIDE if _size(path, each))):
        shutil.copyfile(f"{path}{suffix}", folder / f"{path.name}{suffix}")
    return _connected(folder / path.name, "mode=rw", patience)


def _connected(path: Path, how: str, patience: float) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.as_uri()}?{how}", uri=True, timeout=patience)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _is_left_behind(path: Path, error: sqlite3.OperationalError) -> bool:
    """Tell whether the error comes from a journal to be rolled back, or from a log that has lost its index."""
    if error.sqlite_errorname == "SQLITE_READONLY_ROLLBACK":
        return True
    return error.sqlite_errorname == "SQLITE_CANTOPEN" and bool(_size(path, "-wal")) and not _exists(path, "-shm")


def _size(path: Path, suffix: str) -> int:
    beside = Path(f"{path}{suffix}")
    return beside.stat().st_size if beside.exists() else 0


def _exists(path: Path, suffix: str) -> bool:
    return Path(f"{path}{suffix}").exists()
