"""Reads of an SQLite file that leave it unchanged to the byte, and create or remove no file beside it.

SQLite itself is not that careful. An ordinary connection that only reads may create the file, roll back a journal, copy
the write-ahead log into the file, or create an index of the log.
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
"""The offset of the byte in a file's header that tells whether readers need a write-ahead log."""
_WITH_LOG: Final = 2
_BESIDE: Final = ("-wal", "-journal")

CANNOT_BE_OPENED: Final = "The database file cannot be opened."


def file_of(url: URL) -> Path:
    """Return the file of an SQLite URL with symbolic links resolved: its log and journal lie beside the real file."""
    name = str(url.database)
    if "uri" in url.query and name.startswith("file:"):
        name = unquote(urlsplit(name).path)
    return Path(os.path.realpath(name))


@contextmanager
def untouched(path: Path, patience: float) -> Iterator[sqlite3.Connection | None]:
    """Yield a connection that reads a file and changes nothing, or ``None`` when the file is empty.

    ``patience`` is the number of seconds to wait for a writer.

    :raises FileNotFoundError: the file does not exist.
    :raises StoreFailed: the file is not a database, is damaged, or cannot be read.
    :raises ConcurrentChange: another process holds a lock on the whole file.
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
    if header and not header.startswith(_MAGIC):  # SQLite itself treats a file of one byte as an empty database
        raise sqlite3.DatabaseError("file is not a database")
    return header


def _reading(path: Path, header: bytes, patience: float, opened: ExitStack) -> sqlite3.Connection:
    if header[_READ_VERSION:] == bytes([_WITH_LOG]) and not _size(path, "-wal"):
        # Without a log the file is complete. Any other mode would create a log and its index beside it.
        return _connected(path, "immutable=1", patience)
    try:
        return _connected(path, "mode=ro&readonly_shm=1", patience)
    except sqlite3.OperationalError as error:
        if not _is_left_behind(path, error):
            raise
    # A writer was killed, and its journal or log is needed to read the file. SQLite can only apply it by writing, so
    # that this is done in a copy.
    folder = Path(opened.enter_context(TemporaryDirectory(prefix="referral-look-")))
    for suffix in ("", *(each for each in _BESIDE if _size(path, each))):
        shutil.copyfile(f"{path}{suffix}", folder / f"{path.name}{suffix}")
    return _connected(folder / path.name, "mode=rw", patience)


def _connected(path: Path, how: str, patience: float) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.as_uri()}?{how}", uri=True, timeout=patience)
    try:
        # SQLite opens a file lazily: only the first read shows whether the mode works.
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _is_left_behind(path: Path, error: sqlite3.OperationalError) -> bool:
    """Tell whether the error is due to a journal that must be rolled back, or to a log without its index."""
    if error.sqlite_errorname == "SQLITE_READONLY_ROLLBACK":
        return True
    return error.sqlite_errorname == "SQLITE_CANTOPEN" and bool(_size(path, "-wal")) and not _exists(path, "-shm")


def _size(path: Path, suffix: str) -> int:
    beside = Path(f"{path}{suffix}")
    return beside.stat().st_size if beside.exists() else 0


def _exists(path: Path, suffix: str) -> bool:
    return Path(f"{path}{suffix}").exists()
