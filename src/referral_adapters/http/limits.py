"""Protection against the guessing of codes: limits on checks, and answers whose timing tells nothing (A4)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from threading import Lock
from time import monotonic, perf_counter
from typing import Final, Protocol

import attrs

from referral_core.programme.settings import Checking

_KEPT: Final = 100_000
_IPV4: Final = 4
_NETWORK: Final = 64


@attrs.frozen
class Rate:
    """``count`` checks in ``seconds``; all of them may come at once."""

    count: int
    seconds: float

    def __attrs_post_init__(self) -> None:
        if self.count < 1 or self.seconds <= 0:
            raise ValueError("a rate is at least one in some time")


@attrs.frozen
class CheckLimits:
    """The rates of checks that a programme sets: for one caller, and for one address."""

    per_caller: Rate
    per_address: Rate

    @classmethod
    def of(cls, checking: Checking) -> CheckLimits:
        """Return the limits that a programme sets."""
        seconds = checking.within.total_seconds()
        return cls(Rate(checking.per_caller, seconds), Rate(checking.per_address, seconds))


def network_of(address: str) -> str:
    """Return the key that an address is counted under: the address itself, of IPv6 its network.

    Whoever has one address of an IPv6 network has all of them.

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
    """Counts checks. A host whose processes shall share their counts brings a limiter of its own."""

    def take(self, key: str, rate: Rate) -> float:
        """Count one check under a key; return 0 when the rate allows it, else the seconds to wait."""
        ...


class SlidingLimiter:
    """Counts in this process alone, by the generic cell rate algorithm: one number a key, no windows to begin anew.

    Of a rate of ``count`` in ``seconds``, any ``span`` of seconds, wherever it begins, has at most
    ``count + span * count / seconds`` allowed checks: all at once, and then as many as the passing time gives back.
    Refused checks are not counted, and a caller who waits for the returned seconds is let in. Only the keys seen last
    are kept, so that strangers cannot fill the memory. ``clock`` counts seconds and never goes back.
    """

    def __init__(self, *, kept: int = _KEPT, clock: Callable[[], float] = monotonic) -> None:
        self._due: OrderedDict[str, float] = OrderedDict()
        self._kept, self._clock = kept, clock
        self._lock = Lock()

    def take(self, key: str, rate: Rate) -> float:
        """Count one check under a key; return 0 when the rate allows it, else the seconds to wait."""
        now, step = self._clock(), rate.seconds / rate.count
        with self._lock:
            due = max(self._due.get(key, now), now)
            wait = due + step - now - rate.seconds
            if wait > 1e-9:  # noqa: PLR2004 - what adding seconds loses
                return wait
            self._due[key] = due + step
            self._due.move_to_end(key)  # by use, so that the key used longest ago is the first to be forgotten
            if len(self._due) > self._kept:
                self._due.popitem(last=False)
        return 0.0


_COARSE: Final = 0.002
"""The seconds by which event loops may wake a sleeper late: a millisecond or two, by the length of the sleep."""


async def wait_for_interval(started: float, interval: float) -> None:
    """Wait until a whole number of ``interval`` seconds has passed since ``started``, by :func:`time.perf_counter`.

    An answer that leaves then does not tell by its timing how it was come by.
    """
    due = perf_counter()
    due += (started - due) % interval
    if (rest := due - perf_counter() - _COARSE) > 0:
        await asyncio.sleep(rest)
    # The last milliseconds are spent looking at the clock, with all other tasks let first: a sleep that ends a fraction
    # of a millisecond late would tell by that fraction when it began.
    while perf_counter() < due:
        await asyncio.sleep(0)
