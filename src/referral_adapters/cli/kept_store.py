"""A store that is looked at as it is: a database that has to be there, or what a feed leaves in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from referral_adapters.cli.errors import CommandFailed
from referral_adapters.cli.quiet_replay import QuietReplay
from referral_adapters.cli.store import Use, open_database, secret_of
from referral_adapters.feed import FeedRunner, FeedStore
from referral_core.programme.programme import Programme
from referral_core.values.errors import BillingUnavailable, CodeSpaceExhausted, Refusal, TraceUnreadable

if TYPE_CHECKING:
    from referral_adapters.sql import SqlStore

WRONG = 1
"""The exit status when there is something wrong in the data, or a rule says no."""
_INTERRUPTED = 130


@contextmanager
def kept_store(feed: str | None, db: str | None, programme: Programme) -> Iterator[FeedStore]:
    """Open the database at ``db`` to look at it, or run ``feed`` in memory; one of the two is given.

    :raises CommandFailed: it cannot be opened, or fails while it is used.
    """
    if db is not None:
        with kept_database(db, Use.ASK) as store:
            yield store
        return
    from referral_adapters.memory import MemoryStore  # noqa: PLC0415

    in_memory = MemoryStore(programme)
    QuietReplay(str(feed)).run(FeedRunner(programme, in_memory))
    with _told():
        yield in_memory


@contextmanager
def kept_database(
    url: str, use: Use, programme: Programme | None = None, code_key: str | None = None
) -> Iterator[SqlStore]:
    """Open a database that has to be there, and close it at the end.

    :raises CommandFailed: it cannot be opened, or fails while it is used. The URL is never repeated: it may hold a
        password.
    """
    secret = None if code_key is None else secret_of(code_key)
    with open_database(url, use, programme, secret) as store, _told():
        yield store


@contextmanager
def _told() -> Iterator[None]:
    """Say a refusal, and a row that cannot be read, in a sentence."""
    try:
        yield
    except Refusal as refusal:
        raise CommandFailed(f"{refusal}.", WRONG) from refusal
    except CodeSpaceExhausted as exhausted:
        raise CommandFailed(f"No more codes can be issued: {exhausted}.", WRONG) from exhausted
    except BillingUnavailable as silent:
        raise CommandFailed(f"Billing did not answer, so nobody knows yet what it did: {silent}.", WRONG) from silent
    except TraceUnreadable as unreadable:
        words = str(unreadable)
        raise CommandFailed(f"{words[0].upper()}{words[1:]}.", WRONG) from unreadable
    except KeyboardInterrupt:
        raise CommandFailed("Interrupted.", _INTERRUPTED) from None
