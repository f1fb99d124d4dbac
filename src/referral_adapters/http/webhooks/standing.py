"""How receivers stand, and what staff do about it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from referral_adapters.http.persistently import persistently
from referral_adapters.http.webhooks.pace import Pace
from referral_core.entities.trace import Subscription
from referral_core.ports.trace import TraceRepository
from referral_core.values.errors import ConcurrentChange
from referral_core.values.moment import LATEST

STOPPED: Final = LATEST
"""When a receiver that said it is gone is tried again: not before staff have it resumed."""


@attrs.frozen
class Standing:
    """How a receiver stands: the position it confirmed last, its failures in a row since, and when it is tried again.

    One that is stuck is still tried; one that is stopped is not.
    """

    name: str
    position: int
    failures: int
    next_at: datetime | None
    is_stuck: bool
    is_stopped: bool

    @classmethod
    def of(cls, subscription: Subscription, pace: Pace) -> Standing:
        """Return how a subscription stands."""
        is_stopped = subscription.next_at == STOPPED
        return cls(
            name=subscription.name,
            position=subscription.position,
            failures=subscription.failures,
            next_at=None if is_stopped else subscription.next_at,
            is_stuck=subscription.failures >= pace.stuck_after,
            is_stopped=is_stopped,
        )


def standings(trace: TraceRepository, pace: Pace | None = None) -> tuple[Standing, ...]:
    """Return how every receiver stands that was ever sent to, by name."""
    known = Pace() if pace is None else pace
    return tuple(Standing.of(each, known) for each in trace.subscriptions())


def redeliver(trace: TraceRepository, name: str, from_position: int) -> None:
    """Have a receiver get everything again from a position on, also one that is waited for, stuck or stopped.

    Whoever is sending to it finishes the event in hand, and goes on from there.

    :raises LookupError: nothing was ever sent to a receiver of this name.
    :raises ValueError: it has not got that far, or the position is below 1.
    """

    def act() -> None:
        found = _found(trace, name)
        if not 1 <= from_position <= found.position + 1:
            raise ValueError(f"{name} is at {found.position}: it has not got {from_position}")
        _change(trace, found, position=from_position - 1)

    persistently(act)


def resume(trace: TraceRepository, name: str) -> None:
    """Have a receiver tried again at once, with the event that it did not confirm, also one that is stopped.

    :raises LookupError: nothing was ever sent to a receiver of this name.
    """

    def act() -> None:
        found = _found(trace, name)
        _change(trace, found, position=found.position)

    persistently(act)


def _found(trace: TraceRepository, name: str) -> Subscription:
    found = trace.subscription(name)
    if found is None:
        raise LookupError(f"nothing was ever sent to {name}")
    return found


def _change(trace: TraceRepository, found: Subscription, *, position: int) -> None:
    # A lease stays: who holds it finishes the event in hand before anybody sends another.
    if not trace.settle(found, attrs.evolve(found, position=position, failures=0, next_at=None)):
        raise ConcurrentChange(f"{found.name} got something at the same time")
