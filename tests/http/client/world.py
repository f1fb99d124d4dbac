"""A service in this process, and clients of it for whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
from starlette.requests import Request

from referral_adapters.http import Caller, Service, create_app
from referral_adapters.http.client import InProcess, Pauses, Persistence, RemoteSession, connect
from referral_adapters.memory import MemoryStore
from referral_core import Actor, Money, Programme, Role
from referral_core.programme.settings import Checking

NOON: Final = datetime(2021, 3, 1, 12, tzinfo=UTC)
QUICK: Final = Persistence(pauses=Pauses(0.001, 0.002))
URL: Final = "http://service.example"


def by_name(request: Request) -> Caller | None:
    """Believe a token such as ``agent:eva``."""
    given = request.headers.get("authorization")
    if given is None:
        return None
    role, _, name = given.removeprefix("Bearer ").partition(":")
    return Caller(Actor(name, Role(role)))


class World:
    """A programme with amounts, its store, and the app of its service at noon, unless the time is set."""

    def __init__(self) -> None:
        self.now = NOON
        programme = Programme(checking=Checking(per_caller=3, within=timedelta(seconds=1)))
        self.store = MemoryStore(programme)
        self.service = Service(
            programme=programme,
            store=self.store,
            authenticate=by_name,
            clock=lambda: self.now,
        )
        self.app = InProcess(create_app(self.service))
        self.system = self.client()
        for group in ("referrer", "referee-self-service"):
            self.system.groups.set_amount(group, Money("10" if group == "referrer" else "7"))

    def client(
        self,
        token: str | Callable[[], str] | None = "system:crm",
        *,
        through: Callable[[httpx.BaseTransport], httpx.BaseTransport] = lambda app: app,
        persistence: Persistence = QUICK,
        language: str | None = None,
    ) -> RemoteSession:
        """Return a client for a token, which reaches the app through whatever stands in between."""
        return connect(URL, token=token, transport=through(self.app), persistence=persistence, language=language)

    def with_code(self, account: str = "A", customer: str = "ann") -> str:
        """Conclude and activate a contract, and return the code that its account got."""
        self.system.sign_ups.conclude(f"K-{account}", account=account, customer=customer)
        started = self.system.contracts.activate(f"K-{account}").started
        assert started is not None
        return started.text
