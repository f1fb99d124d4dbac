"""The store that a command works on: a database, or memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from referral_adapters.cli.exit_status import WRONG, CommandFailed
from referral_adapters.cli.text import say
from referral_adapters.feed import FeedStore
from referral_core.programme.programme import Programme
from referral_core.services.programmes import ProgrammeDiff
from referral_core.values.errors import (
    BillingUnavailable,
    CodeSpaceExhausted,
    ConcurrentChange,
    KeyReused,
    Refusal,
    TraceUnreadable,
)

if TYPE_CHECKING:
    from referral_adapters.sql import SqlStore

_CODE_KEY: Final = b"referral-core code key\0"
_INTERRUPTED: Final = 130
_REMEDY: Final = "`referral programme apply` adds them."


class Use(Enum):
    """What a command does with its database."""

    READ = auto()
    """The database has to be there, and nothing can be changed in it."""
    WRITE = auto()
    """The database has to be there, with all its tables."""
    CREATE = auto()
    """A database that is not there is made, and an empty one gets its tables."""


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
def existing_database(
    url: str, use: Use, programme: Programme | None = None, code_key: str | None = None, *, warns: bool = True
) -> Iterator[SqlStore]:
    """Open a database that has to be there, say refusals in a sentence, and close it at the end.

    :raises CommandFailed: it cannot be opened, or fails while it is used, or an act in it is refused. The URL is never
        repeated: it may hold a password.
    """
    secret = None if code_key is None else secret_of(code_key)
    with open_database(url, use, programme, secret, warns=warns) as store, refusals_as_failures():
        yield store


@contextmanager
def open_database(
    url: str, use: Use, programme: Programme | None = None, secret: bytes | None = None, *, warns: bool = True
) -> Iterator[SqlStore]:
    """Open the database at ``url``, as every command does that works in one, and close it at the end.

    Groups that the programme names and the database does not have are said on standard error; ``warns`` is off for a
    command that is about them.

    :raises CommandFailed: it cannot be opened, or fails while it is used. The URL is never repeated: it may hold a
        password.
    """
    with database_failures():
        from referral_adapters.sql import SqlStore  # noqa: PLC0415

        try:
            if use is Use.CREATE:
                opened = SqlStore(url, programme, secret=secret)
            else:
                opened = SqlStore.existing(url, programme, secret=secret, read_only=use is Use.READ)
        except Refusal as refusal:  # of another currency, or another zone
            raise CommandFailed(f"--db: {refusal}; --programme names the file of the store's own.") from refusal
        with opened as store:
            if warns and programme is not None:
                _warn_of_missing_groups(programme, store)
            yield store


def _warn_of_missing_groups(programme: Programme, store: SqlStore) -> None:
    """Say which groups the database does not have; one without any gets them all when it is first opened to write."""
    groups = store.groups.all()
    missing = ProgrammeDiff.between(programme, groups).missing if groups else ()
    if missing:
        named = ", ".join(group.id for group in missing)
        say(f"--db: The programme has groups that the database does not have: {named}. {_REMEDY}")


@contextmanager
def database_failures() -> Iterator[None]:
    """Translate the failures of a database that the block works with.

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


@contextmanager
def refusals_as_failures() -> Iterator[None]:
    """Translate what the rules refuse in the block, a row that cannot be read, and Ctrl-C.

    :raises CommandFailed: the block was refused or interrupted.
    """
    try:
        yield
    except Refusal as refusal:
        raise CommandFailed(f"{refusal}.", WRONG) from refusal
    except KeyReused as reused:
        raise CommandFailed(f"--{reused}.", WRONG) from reused
    except CodeSpaceExhausted as exhausted:
        raise CommandFailed(f"No more codes can be issued: {exhausted}.", WRONG) from exhausted
    except BillingUnavailable as silent:
        raise CommandFailed(f"Billing did not answer, so nobody knows yet what it did: {silent}.", WRONG) from silent
    except TraceUnreadable as unreadable:
        words = str(unreadable)
        raise CommandFailed(f"{words[0].upper()}{words[1:]}.", WRONG) from unreadable
    except KeyboardInterrupt:
        raise CommandFailed("Interrupted.", _INTERRUPTED) from None


def secret_of(code_key: str) -> bytes:
    """Return the secret behind random codes that a ``--code-key`` stands for: 32 bytes, the same everywhere.

    They are the SHA-256 of ``referral-core code key``, a zero byte, and the text in UTF-8.

    :raises CommandFailed: the text is blank, which is no key.
    """
    if not code_key.strip():
        raise CommandFailed("The code key is blank: anybody could guess the codes.")
    # An argument that is not UTF-8 reaches Python in surrogates, which are written as the bytes that they were.
    return hashlib.sha256(_CODE_KEY + code_key.encode(errors="surrogateescape")).digest()
