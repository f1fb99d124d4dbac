"""A desk in another process."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx

from referral_adapters.http.client.accounts import Accounts
from referral_adapters.http.client.cases import Cases
from referral_adapters.http.client.codes import Codes
from referral_adapters.http.client.contracts import Contracts
from referral_adapters.http.client.customers import Customers
from referral_adapters.http.client.discounts import Discounts
from referral_adapters.http.client.events import Events
from referral_adapters.http.client.groups import Groups
from referral_adapters.http.client.payouts import Payouts
from referral_adapters.http.client.persistence import Persistence
from referral_adapters.http.client.referrals import Referrals
from referral_adapters.http.client.sharings import Sharings
from referral_adapters.http.client.sign_ups import SignUps
from referral_adapters.http.client.trace import Trace
from referral_adapters.http.client.wire import Wire


class ReferralClient:
    """Everything that can be asked of a service, by noun, as of a :class:`~referral_core.ReferralDesk`.

    ``url`` is where the service has its endpoints, a host's prefix included. ``token`` says who asks; a function is
    called for every try, so that it can give a fresh one. ``language`` is that of messages and texts, ``timeout`` how
    many seconds to wait for each answer to begin or go on, ``persistence`` how often to ask again. A ``transport`` of
    httpx takes the place of its own, as for certificates, proxies and tests.

    Every act has an idempotency key, given by ``key`` or drawn: when the answer is lost, or others were in the way, it
    is sent again under it, and done once. Safe to use from many threads; close it, or use it in a ``with`` block.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | Callable[[], str] | None = None,
        language: str | None = None,
        timeout: float = 10.0,
        persistence: Persistence | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        wire = Wire(
            url,
            token=token,
            language=language,
            persistence=Persistence() if persistence is None else persistence,
            timeout=timeout,
            transport=transport,
        )
        self._wire = wire
        self.codes = Codes(wire)
        self.sign_ups = SignUps(wire)
        self.contracts = Contracts(wire)
        self.referrals = Referrals(wire)
        self.cases = Cases(wire)
        self.groups = Groups(wire)
        self.payouts = Payouts(wire)
        self.discounts = Discounts(wire)
        self.sharings = Sharings(wire)
        self.customers = Customers(wire)
        self.accounts = Accounts(wire)
        self.trace = Trace(wire)
        self.events = Events(wire)

    def close(self) -> None:
        """Close what is open."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
