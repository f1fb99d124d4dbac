"""Stores with something to publish, and time that goes on when it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import attrs
from sqlalchemy.engine import URL

from referral_adapters.http.webhooks import Deliverer, OutgoingStore, Pace, Pauses, Send, Webhook
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_adapters.sql.tables import METADATA
from referral_core import Actor, Programme, ReferralDesk
from referral_core.ports.trace import TraceRepository
from tests.adapters.conftest import GUARDED
from tests.adapters.postgres_server import PostgresServer
from tests.http.webhooks.receiver import SECRET, Receiver

PROGRAMME: Final = Programme.default()
HOST: Final = Actor.system("host")
NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
PACE: Final = Pace(pauses=Pauses(10.0, 100.0), stuck_after=4, margin=5.0)
Store = MemoryStore | SqlStore


class Clock:
    """Says what time it is: noon, and whatever went by since."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, seconds: float) -> None:
        """Let time go by."""
        self.now += timedelta(seconds=seconds)


class Now(Clock):
    """Says what time it is."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


def acted(store: Store, *, accounts: int = 3, begin: int = 0, at: datetime = NOON) -> None:
    """Do a few things about some accounts, each of which leaves rows of the trace."""
    desk = ReferralDesk(PROGRAMME, store)
    for number in range(begin, begin + accounts):
        with store.transaction():
            desk.session(actor=HOST, now=at).sign_ups.conclude(
                f"K-{number}", account=f"A-{number}", customer=f"c-{number}"
            )
        with store.transaction():
            desk.session(actor=HOST, now=at).contracts.activate(f"K-{number}")


def published(store: Store) -> list[int]:
    """Return the position of everything that is published."""
    return [each.position for each in store.trace.published(0, 10_000)]


@attrs.frozen
class Outgoing:
    """A store of which only the trace counts, which may be a :class:`Wrapped` one."""

    trace: Any


class Wrapped:
    """A trace of a test's own: what is not said otherwise is that of a store."""

    def __init__(self, trace: TraceRepository) -> None:
        self._trace = trace

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any other method
        return getattr(self._trace, name)


def webhook(to: Receiver, name: str = "crm", *, timeout: float = 2.0, after: int = 0) -> Webhook:
    """Return the webhook of a receiver."""
    return Webhook(name, to.url, (SECRET,), timeout=timeout, after=after)


def deliverer(store: OutgoingStore, *webhooks: Webhook, clock: Clock, send: Send | None = None) -> Deliverer:
    """Return a deliverer at the pace of these tests."""
    return Deliverer(store, webhooks, clock=clock, pace=PACE, send=send)


def emptied(server: PostgresServer, url: URL) -> None:
    """Leave nothing in a database but its tables."""
    server.empty(url, [table.name for table in reversed(METADATA.sorted_tables)], GUARDED)
