"""A limiter that counts in this process alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Final

from referral_core.ports.limiter import Rate

_KEPT: Final = 100_000


class SlidingLimiter:
    """Counts in this process alone: one number a key, no windows to begin anew.

    Only the keys used last are kept, so that strangers cannot fill the memory. ``clock`` counts seconds and never goes
    back.
    """

    def __init__(self, *, kept: int = _KEPT, clock: Callable[[], float] = monotonic) -> None:
        self._due: OrderedDict[str, float] = OrderedDict()
        self._kept, self._clock = kept, clock
        self._lock = Lock()

    def take(self, key: str, rate: Rate) -> float:
        """Count one code under a key; return 0 when the rate allows it, else the seconds to wait."""
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
