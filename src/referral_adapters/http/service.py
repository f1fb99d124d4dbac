"""What the endpoints work on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import attrs

from referral_adapters.http.caller import Authentication
from referral_adapters.http.limits import CheckLimits, Limiter, SlidingLimiter
from referral_adapters.http.observing import Observer, log
from referral_core.desk import ReferralDesk
from referral_core.ports.requests import RequestRepository
from referral_core.ports.store import Store
from referral_core.programme.programme import Programme


def _now() -> datetime:
    return datetime.now(UTC)


class ServiceStore(Store, Protocol):
    """A store that can stand behind the door: all repositories, transactions, and what a door keeps besides."""

    @property
    def requests(self) -> RequestRepository:
        """The events that took effect, and what was answered under idempotency keys."""
        ...


@attrs.frozen(kw_only=True)
class Service:
    """A programme over a store, and the host's own answers to who is asking and what time it is.

    ``authenticate`` turns a request into its caller, ``clock`` says what time it is, ``source`` is the name under which
    acts are published (the CloudEvents attribute), ``limiter`` counts the checks that the programme limits (A4),
    ``observers`` are told of every request that was answered.

    What the public and customers are answered to a check leaves after a whole number of ``beat`` seconds, so that it
    takes as long to say that a code is not known as to say that it has ended (A4). With 0 it leaves at once.
    """

    programme: Programme
    store: ServiceStore
    authenticate: Authentication
    clock: Callable[[], datetime] = _now
    source: str = "/referral"
    limiter: Limiter = attrs.field(factory=SlidingLimiter)
    beat: float = 0.01
    observers: tuple[Observer, ...] = (log,)
    desk: ReferralDesk = attrs.field(init=False, repr=False)
    limits: CheckLimits = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "desk", ReferralDesk(self.programme, self.store))
        object.__setattr__(self, "limits", CheckLimits.of(self.programme.checking))
