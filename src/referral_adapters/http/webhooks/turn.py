"""Turns: one deliverer alone sends to one receiver, from where it has got to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs

from referral_adapters.http.persistently import persistently
from referral_core.entities.trace import Subscription
from referral_core.ports.trace import TraceRepository


@attrs.frozen
class Delivered:
    """What came of a turn: how many events a receiver confirmed, and why it ended early, if it did."""

    name: str
    sent: int = 0
    failure: str | None = None


class Turn:
    """Holds a receiver by a lease, which each step extends, and keeps how far it got.

    When staff set the receiver back meanwhile, the turn goes on from there. When the lease ran out, as it does when the
    process was stopped for long, and somebody else took it, the turn is over and changes nothing.
    """

    def __init__(
        self,
        trace: TraceRepository,
        held: Subscription,
        *,
        clock: Callable[[], datetime],
        lease: timedelta,
    ) -> None:
        self._trace = trace
        self._held: Subscription | None = held
        self._clock = clock
        self._lease = lease

    @classmethod
    def take(cls, trace: TraceRepository, name: str, *, clock: Callable[[], datetime], lease: timedelta) -> Turn | None:
        """Return a turn at a receiver; ``None`` when somebody else has it, or it has to wait."""
        at = clock()
        held = persistently(lambda: trace.lease(name, at=at, until=at + lease))
        return None if held is None else cls(trace, held, clock=clock, lease=lease)

    @property
    def held(self) -> Subscription | None:
        """What is held; ``None`` when the turn is over."""
        return self._held

    def holds(self, seconds: float) -> bool:
        """Tell whether the turn goes on for so many seconds at least, extending its lease if need be."""
        until = self._clock() + timedelta(seconds=seconds)
        if self._held is not None and self._held.leased_until is not None and self._held.leased_until < until:
            self._settle(self._held)
        return self._held is not None

    def confirm(self, position: int) -> None:
        """Keep that the receiver confirmed everything up to a position."""
        if self._held is not None:
            self._settle(attrs.evolve(self._held, position=position, failures=0, next_at=None))

    def fail(self, next_at: datetime) -> None:
        """Keep that the receiver failed once more and is to be tried again at a moment; the turn is over."""
        if self._held is not None:
            failed = attrs.evolve(self._held, failures=self._held.failures + 1, next_at=next_at)
            self._settle(failed, is_last=True)
            self.release()

    def release(self) -> None:
        """Let others have the receiver; the turn is over."""
        while self._held is not None:
            self._settle(self._held, is_last=True)

    def _settle(self, after: Subscription, *, is_last: bool = False) -> None:
        before = self._held
        if before is None:  # pragma: no cover - asked for before
            return
        leased = attrs.evolve(after, leased_until=None if is_last else self._clock() + self._lease)
        if persistently(lambda: self._trace.settle(before, leased)):
            self._held = None if is_last else leased
            return
        found = self._trace.subscription(before.name)
        is_mine = found is not None and found.leased_until == before.leased_until
        self._held = found if is_mine else None
