"""Slowing down the guessing of codes: how many checks a caller, and an address, may ask for in a while (A4)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from threading import Lock
from time import monotonic
from typing import Final, Protocol

import attrs

from referral_core.programme.settings import Checking

_KEPT: Final = 100_000
_IPV4: Final = 4
_NETWORK: Final = 64


@attrs.frozen
class Rate:
    """So many in so many seconds; all of them may come at once."""

    count: int
    seconds: float

    def __attrs_post_init__(self) -> None:
        if self.count < 1 or self.seconds <= 0:
            raise ValueError("a rate is at least one in some time")


@attrs.frozen
class CheckLimits:
    """How many checks are answered, as the programme sets it: for one caller, and for one address."""

    per_caller: Rate
    per_address: Rate

    @classmethod
    def of(cls, checking: Checking) -> CheckLimits:
        """Return the limits that a programme sets."""
        seconds = checking.within.total_seconds()
        return cls(Rate(checking.per_caller, seconds), Rate(checking.per_address, seconds))


def network_of(address: str) -> str:
    """Return what an address is counted under: itself, and of IPv6 the network, as whoever has one address has all.

    >>> network_of("192.0.2.1"), network_of("2001:db8:0:1::7")
    ('192.0.2.1', '2001:db8:0:1::/64')
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == _IPV4:
        return address
    return str(found.ipv4_mapped or ip_network((found.packed, _NETWORK), strict=False))


class Limiter(Protocol):
    """Counts what is asked for. A host whose processes shall share their counts brings one of its own."""

    def take(self, key: str, rate: Rate) -> float:
        """Count one more under a key; return 0 when the rate allows it, else how many seconds to wait."""
        ...


class SlidingLimiter:
    """Counts in this process alone, by the generic cell rate algorithm: one number a key, no windows to begin anew.

    Of a rate of ``count`` in ``seconds``, any ``span`` of seconds, wherever it begins, sees at most
    ``count + span * count / seconds`` allowed: all at once, and then as many as the time that passes gives back. What
    is refused is not counted, and who waits as long as was said is let in. Keeps the keys seen last, so that strangers
    cannot fill the memory. ``clock`` counts seconds and never goes back.
    """

    def __init__(self, *, kept: int = _KEPT, clock: Callable[[], float] = monotonic) -> None:
        self._due: OrderedDict[str, float] = OrderedDict()
        self._kept, self._clock = kept, clock
        self._lock = Lock()

    def take(self, key: str, rate: Rate) -> float:
        """Count one more under a key; return 0 when the rate allows it, else how many seconds to wait."""
        now, step = self._clock(), rate.seconds / rate.count
        with self._lock:
            due = max(self._due.get(key, now), now)
            wait = due + step - now - rate.seconds
            if wait > 1e-9:  # noqa: PLR2004 - what adding seconds loses
                return wait
            self._due[key] = due + step
            self._due.move_to_end(key)
            if len(self._due) > self._kept:
                self._due.popitem(last=False)
        return 0.0
