"""The store a command works on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from referral_adapters.cli.errors import CommandFailed
from referral_adapters.feed import FeedStore
from referral_core.programme.programme import Programme
from referral_core.values.errors import ConcurrentChange

if TYPE_CHECKING:
    from referral_adapters.sql import SqlStore

_CODE_KEY: Final = b"referral-core code key\0"


class Use(Enum):
    """What a command does with its database."""

    ASK = auto()
    """It looks, or says what it would do: the database has to be there, and nothing can be changed in it."""
    ACT = auto()
    """It works in a database that was set up before."""
    MAKE = auto()
    """It begins: a database that is not there is made, and an empty one gets its tables."""


@contextmanager
def open_store(url: str | None, programme: Programme, code_key: str | None, use: Use) -> Iterator[FeedStore]:
    """Open the store at ``url``, or a new one in memory when there is none, and close it at the end.

    :raises CommandFailed: it cannot be opened, or fails while it is used. The URL is never repeated: it may hold a
        password.
    """
    secret = None if code_key is None else secret_of(code_key)
    if url is not None:
        with open_database(url, use, programme, secret) as store:
            yield store
        return
    from referral_adapters.memory import MemoryStore  # noqa: PLC0415

    yield MemoryStore(programme, secret=secret)


@contextmanager
def open_database(
    url: str, use: Use, programme: Programme | None = None, secret: bytes | None = None
) -> Iterator[SqlStore]:
    """Open the database at ``url``, as every command does that works in one, and close it at the end.

    :raises CommandFailed: it cannot be opened, or fails while it is used. The URL is never repeated: it may hold a
        password.
    """
    with database_told():
        from referral_adapters.sql import SqlStore  # noqa: PLC0415

        if use is Use.MAKE:
            opened = SqlStore(url, programme, secret=secret)
        else:
            opened = SqlStore.existing(url, programme, secret=secret, read_only=use is Use.ASK)
        with opened as store:
            yield store


@contextmanager
def database_told() -> Iterator[None]:
    """Say in the command's words what is wrong with a database that the block works with.

    :raises CommandFailed: it cannot be opened, or fails while it is used. The URL is never repeated: it may hold a
        password.
    """
    try:
        from referral_adapters.sql import StoreFailed  # noqa: PLC0415
    except ImportError:
        raise CommandFailed("--db: A database needs the extra `sql`: pip install 'referral-core[sql]'.") from None
    try:
        yield
    except (StoreFailed, ConcurrentChange) as failed:
        raise CommandFailed(f"--db: {failed}") from failed


def secret_of(code_key: str) -> bytes:
    """Return the secret behind random codes that a ``--code-key`` stands for: 32 bytes, the same everywhere.

    They are the SHA-256 of ``referral-core code key``, a zero byte, and the text in UTF-8.

    :raises CommandFailed: the text is blank, which is no key.
    """
    if not code_key.strip():
        raise CommandFailed("The code key is blank: anybody could guess the codes.")
    # Bytes of an argument that are not UTF-8 stay what they were.
    return hashlib.sha256(_CODE_KEY + code_key.encode(errors="surrogateescape")).digest()
