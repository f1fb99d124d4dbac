"""The store in a database: every repository over one work."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from sqlalchemy import Connection, func, select
from sqlalchemy.engine import URL

from referral_adapters.folding import to_ascii
from referral_adapters.sql import distribution, schema
from referral_adapters.sql.billing import SqlContinuousDiscounts
from referral_adapters.sql.cases import SqlCases
from referral_adapters.sql.codes import SqlCodes
from referral_adapters.sql.connections import Connections, HostConnection, parsed_url
from referral_adapters.sql.contracts import SqlContracts
from referral_adapters.sql.grants import SqlGrants, SqlReversals
from referral_adapters.sql.groups import SqlGroups
from referral_adapters.sql.locks import FAMILIES
from referral_adapters.sql.personal_data import SqlPersonalData
from referral_adapters.sql.readiness import check_ready
from referral_adapters.sql.referrals import SqlReferrals
from referral_adapters.sql.requests import SqlRequests
from referral_adapters.sql.schema import Purpose
from referral_adapters.sql.settings import Settings
from referral_adapters.sql.tables import CONTRACTS, MOVEMENTS, TRACE_ENTRIES
from referral_adapters.sql.trace import SqlTrace
from referral_adapters.sql.types import Moment
from referral_adapters.sql.work import Work
from referral_core.entities.personal_data import PersonalData
from referral_core.formats import code_key
from referral_core.ports.billing import Billing
from referral_core.programme.owner import Owner, StartingPoint
from referral_core.values.moment import EARLIEST

T = TypeVar("T")

_C: Final = CONTRACTS.c
_LATEST: Final = tuple(
    select(func.max(moment).label("latest"))
    for moment in (
        TRACE_ENTRIES.c.moment,
        func.coalesce(_C.concluded_recorded_at, _C.concluded_at, type_=Moment),
        func.coalesce(_C.activated_recorded_at, _C.activated_at, type_=Moment),
        func.coalesce(_C.ended_recorded_at, _C.ended_at, type_=Moment),
        func.coalesce(_C.annulled_recorded_at, _C.annulled_at, type_=Moment),
        MOVEMENTS.c.recorded_at,
    )
)
"""What holds the moments of all recordings: a fact about a contract may leave no entry in the trace."""


class SqlStore:
    """A store in an SQLite file or a PostgreSQL database, with all repositories as attributes.

    An SQLite file that is not there is made, and an empty database gets its tables at once; whoever only asks opens it
    by :meth:`existing`. A database that is refused stays as it was, an SQLite file to the byte. A database
    belongs to the first programme that it is opened with, or that a desk is made of over it: that gives it its
    groups, its currency and its zone, once for ever. ``secret``
    fixes the texts of random codes, else the database keeps one of its own; ``folding`` and ``billing`` take the place
    of its own. Its own billing takes part in its transactions; one that is given does not.

    Safe to use from many threads, each with a connection and a transaction of its own. Close it at the end, or use it
    as a context manager.

    :raises Refusal: ``currency-mismatch``, ``zone-mismatch``: the database belongs to another programme.
    :raises SchemaMismatch: the database is of another version of the library.
    :raises ForeignDatabase: the database is somebody else's: it has tables, and none of this library's.
    :raises StoreFailed: the database is none, or cannot be opened.
    """

    _code_key: bytes
    _work: Work
    _url: URL | None = None

    def __init__(
        self,
        url: str | URL,
        programme: StartingPoint | None = None,
        *,
        secret: bytes | None = None,
        folding: Callable[[str], str] | None = None,
        billing: Billing | None = None,
    ) -> None:
        self._open(url, Purpose.CREATE, programme, secret, folding, billing)

    @classmethod
    def existing(
        cls,
        url: str | URL,
        programme: StartingPoint | None = None,
        *,
        secret: bytes | None = None,
        folding: Callable[[str], str] | None = None,
        billing: Billing | None = None,
        read_only: bool = False,
    ) -> Self:
        """Return the store in a database that has to be there: neither a file nor a table is made.

        With ``read_only`` the database itself refuses every change. The store does not take over the groups of its
        first programme either.

        :raises Refusal: ``currency-mismatch``, ``zone-mismatch``: the database belongs to another programme.
        :raises SchemaMismatch: the database is of another version of the library, or has no tables yet.
        :raises ForeignDatabase: the database is somebody else's: it has tables, and none of this library's.
        :raises StoreFailed: the database is not there, is none, or cannot be opened.
        """
        store = cls.__new__(cls)
        store._open(url, Purpose.READ if read_only else Purpose.WRITE, programme, secret, folding, billing)
        return store

    @classmethod
    def on(
        cls,
        connection: Connection,
        programme: StartingPoint | None = None,
        *,
        secret: bytes | None = None,
        folding: Callable[[str], str] | None = None,
        billing: Billing | None = None,
    ) -> Self:
        """Return a store on a connection of the host's, for one transaction, which the host commits or rolls back.

        The tables must be there: see :func:`~referral_adapters.sql.upgrade`. A transaction of the store is a
        savepoint. Use it from one thread.

        :raises SchemaMismatch: the database is of another version of the library.
        """
        store = cls.__new__(cls)
        store._set_up(HostConnection(connection), secret, folding, billing)
        with schema.told():
            schema.check(schema.version_of(connection))
        if programme is not None:
            store.begin(programme)
        return store

    def transaction(self) -> AbstractContextManager[None]:
        """Return a block that takes effect as a whole, or not at all when an exception of any kind leaves it.

        Inside another one it is a part of it: if an exception leaves the inner block and goes no further, only the
        inner block's work is undone.

        :raises ConcurrentChange: another transaction was at the same rows; try the whole block again.
        """
        return self._work.transaction()

    def run(self, act: Callable[[], T], named: Sequence[tuple[str, Any]] = ()) -> T:
        """Do an act in a transaction, a few times over if others are at the same rows; return what it returns.

        So the act must have no other effect than on this store. ``named`` is what its arguments name, by kind; with it
        the act reads ahead and writes at its end, where that saves round trips.

        :raises ConcurrentChange: others were quicker every time.
        """
        return self._work.run(act, named)

    @property
    def code_key(self) -> bytes:
        """The secret that the texts of codes are hashed with (C10).

        The database draws 32 secret bytes once and keeps them; a secret that was given takes their place and is kept
        nowhere.
        """
        if not self._code_key:
            self._code_key = bytes.fromhex(Settings(self._work).kept("secret", secrets.token_hex(32)))
        return self._code_key

    def personal_data(self, customer: str) -> PersonalData:
        """Return what the store holds about a customer; empty and zero throughout where it is nothing."""
        return self._persons.find(customer)

    def erase(self, customer: str) -> str:
        """Put a fresh pseudonym in a customer's place wherever the store names them, and return it.

        :raises ConcurrentChange: somebody else was at the same rows.
        """
        return self._persons.erase(customer)

    def latest_recording(self) -> datetime | None:
        """Return the latest moment at which anything was recorded, ``None`` in an empty database.

        The database looks through all contracts, movements and entries of the trace.
        """
        found = [row.latest for asked in _LATEST if (row := self._work.row(asked)) is not None]
        return max([each for each in found if each is not None], default=None)

    def check_ready(self, within: float) -> None:
        """Look whether the database can be read and can keep a change, in so many seconds, and change nothing.

        The look is taken through a connection of its own. Over the connection of a host it is the host's to take.

        :raises SchemaMismatch: the database is of another version of the library.
        :raises StoreFailed: it is read-only, its disk is full, or it does not answer.
        :raises ConcurrentChange: somebody else holds it for so long.
        """
        if self._url is not None:
            check_ready(self._url, within)

    def close(self) -> None:
        """Close all connections; no thread may be at work any more."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(
        self,
        url: str | URL,
        purpose: Purpose,
        programme: StartingPoint | None,
        secret: bytes | None,
        folding: Callable[[str], str] | None,
        billing: Billing | None,
    ) -> None:
        connections = schema.opened(url, purpose)
        self._url = parsed_url(url)
        try:
            self._set_up(connections, secret, folding, billing)
            if purpose is Purpose.CREATE:
                schema.prepare(self._work, connections.get())
            self._is_asked_only = purpose is Purpose.READ
            if programme is not None:
                self.begin(programme)
        except BaseException:
            connections.close()
            raise

    def _set_up(
        self,
        connections: Connections,
        secret: bytes | None,
        folding: Callable[[str], str] | None,
        billing: Billing | None,
    ) -> None:
        self._connections = connections
        self._is_asked_only = False
        self._owner = Owner()
        self.keeps_billing = billing is None
        with schema.told():
            is_distributed = distribution.is_distributed(connections.get())
        self._work = work = Work(connections, FAMILIES, is_distributed=is_distributed)
        self.contracts = SqlContracts(work)
        self.groups = SqlGroups(work)
        self.promo_codes = SqlCodes(work, self.groups)
        self.referrals = SqlReferrals(work)
        self.grants = SqlGrants(work)
        self.reversals = SqlReversals(work)
        self.cases = SqlCases(work)
        self.trace = SqlTrace(work)
        self.requests = SqlRequests(work)
        self._persons = SqlPersonalData(work)
        self._code_key = b"" if secret is None else code_key(secret)
        self.to_ascii: Callable[[str], str] = to_ascii if folding is None else folding
        self.billing: Billing = SqlContinuousDiscounts(work) if billing is None else billing

    def begin(self, programme: StartingPoint) -> None:
        """Give a database that belongs to no programme yet to this one: its currency, its zone, its groups (P5).

        One that knows no zone, because it is older than that, gets the zone only. A database that is only asked stays
        unchanged. Its own billing is in the currency of the programme.

        :raises Refusal: ``currency-mismatch``, ``zone-mismatch``: the database belongs to another programme.
        """
        had = self._owner if self._owner.is_known else Settings(self._work).owner()
        owner = had.taking(programme)
        if not had.is_known and not self._is_asked_only:
            with self.transaction():
                owner = self._claimed(programme)
        if self.keeps_billing and self._owner.currency is None:
            self.billing = SqlContinuousDiscounts(self._work, currency=programme.currency)
        self._owner = owner

    def _claimed(self, programme: StartingPoint) -> Owner:
        """Put what the database does not have yet of its owner; somebody else may have been quicker."""
        settings = Settings(self._work)
        if settings.claim("currency", programme.currency):
            for group in programme.initial_groups():
                self.groups.put(group, at=EARLIEST)
        settings.claim("zone", programme.zone)
        return settings.owner().taking(programme)
