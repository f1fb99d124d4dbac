"""Webhooks: the receivers of events, the pace of attempts at them, and their standing, which staff can change."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

import attrs

from referral_adapters.http.retry import Pauses, retry
from referral_core.entities.trace import Subscription
from referral_core.ports.trace import TraceRepository
from referral_core.values.errors import ConcurrentChange
from referral_core.values.moment import LATEST

SHORTEST_SECRET: Final = 24
"""The fewest bytes of a secret, by the Standard Webhooks scheme."""
STOPPED: Final = LATEST
"""The moment of the next attempt at a receiver that is gone: none before staff resume it."""
_LONGEST_NAME: Final = 200


@attrs.frozen
class Webhook:
    """A receiver of events: its name, by which its position is kept; its URL; and the secrets that sign its messages.

    Messages are signed with each secret, so that a receiver can change its secret: give both, let the receiver take the
    new one, leave out the old one. A new webhook begins with the event ``after`` a position, by default with the first.
    ``timeout`` are the seconds for one message and its answer together.

    The URL is https, or leads to this machine; ``insecure`` admits http to others. The host's network decides which
    addresses a process may reach, as a name can lead anywhere.
    """

    name: str
    url: str = attrs.field(repr=False)
    secrets: tuple[bytes, ...] = attrs.field(repr=False)
    after: int = attrs.field(default=0, kw_only=True)
    timeout: float = attrs.field(default=10.0, kw_only=True)
    insecure: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        faults = [*self._name_faults(), *self._url_faults(), *self._secret_faults()]
        if self.after < 0 or self.timeout <= 0:
            faults.append("a position is 0 or above, and a timeout above 0")
        if faults:
            raise ValueError(f"webhook {self.name!r}: {'; '.join(faults)}")

    def _name_faults(self) -> list[str]:
        is_name = 0 < len(self.name) <= _LONGEST_NAME and self.name.isprintable()
        return [] if is_name else [f"a name has 1 to {_LONGEST_NAME} printable characters"]

    def _url_faults(self) -> list[str]:
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return ["the URL is none"]
        if not self.url.isascii() or not self.url.isprintable() or " " in self.url or not host:
            return ["the URL is none"]
        if "@" in parts.netloc or parts.fragment:
            return ["the URL has a password or a fragment, which would not be sent"]
        return [] if self._is_safe(parts, host) else ["the URL is not https"]

    def _is_safe(self, parts: SplitResult, host: str) -> bool:
        return parts.scheme == "https" or (parts.scheme == "http" and (self.insecure or _is_this_machine(host)))

    def _secret_faults(self) -> list[str]:
        is_secret = self.secrets and all(len(secret) >= SHORTEST_SECRET for secret in self.secrets)
        return [] if is_secret else [f"there is at least one secret, of at least {SHORTEST_SECRET} bytes"]


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@attrs.frozen(kw_only=True)
class Pace:
    """The pace of attempts at a receiver: pauses that grow from seconds to hours; ``stuck_after`` failures in a row.

    A stuck receiver is logged as an error, and tried again after the longest pause for as long as it takes. A deliverer
    holds a receiver for ``margin`` seconds more than its time-out, so that no other sends to it meanwhile.
    """

    pauses: Pauses = attrs.field(factory=lambda: Pauses(5.0, 6 * 3600.0))
    stuck_after: int = 12
    margin: float = 30.0

    def __attrs_post_init__(self) -> None:
        if self.stuck_after < 1 or self.margin <= 0:
            raise ValueError("nobody is stuck before the first failure, and a margin is above zero")

    def pause(self, failures: int, chance: float, retry_after: float) -> float:
        """Return the seconds to wait after so many failures: more if the receiver asks for it, up to the longest pause.

        >>> Pace().pause(1, 1.0, retry_after=60.0), Pace().pause(40, 1.0, retry_after=0.0)
        (60.0, 21600.0)
        """
        return max(self.pauses.after(failures, chance), min(retry_after, self.pauses.longest))


@attrs.frozen
class Standing:
    """The standing of a receiver: the position it confirmed last, its failures since, the moment of its next attempt.

    A stuck receiver is still tried; a stopped one is not.
    """

    name: str
    position: int
    failures: int
    next_at: datetime | None
    is_stuck: bool
    is_stopped: bool

    @classmethod
    def of(cls, subscription: Subscription, pace: Pace) -> Standing:
        """Return the standing of a subscription."""
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
    """Return the standing of every receiver that has a subscription, by name."""
    known = Pace() if pace is None else pace
    return tuple(Standing.of(each, known) for each in trace.subscriptions())


def redeliver(trace: TraceRepository, name: str, from_position: int) -> None:
    """Have everything sent to a receiver again from a position on, also to one that waits, is stuck or is stopped.

    A deliverer that is sending to it finishes the event in hand, and goes on from there.

    :raises LookupError: no receiver has this name.
    :raises ValueError: the receiver has not got that far, or the position is below 1.
    """

    def act() -> None:
        found = _found(trace, name)
        if not 1 <= from_position <= found.position + 1:
            raise ValueError(f"{name} is at {found.position}: it has not got {from_position}")
        _change(trace, found, position=from_position - 1)

    retry(act)


def resume(trace: TraceRepository, name: str) -> None:
    """Have a receiver tried again at once, with the event that it did not confirm, also a stopped one.

    :raises LookupError: no receiver has this name.
    """

    def act() -> None:
        found = _found(trace, name)
        _change(trace, found, position=found.position)

    retry(act)


def _found(trace: TraceRepository, name: str) -> Subscription:
    found = trace.subscription(name)
    if found is None:
        raise LookupError(f"nothing was ever sent to {name}")
    return found


def _change(trace: TraceRepository, found: Subscription, *, position: int) -> None:
    # The lease stays as it is: its holder finishes the event in hand before any other is sent.
    if not trace.settle(found, attrs.evolve(found, position=position, failures=0, next_at=None)):
        raise ConcurrentChange(f"{found.name} got something at the same time")
