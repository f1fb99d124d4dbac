"""Doing something again while others are in its way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from referral_core.values.errors import ConcurrentChange

T = TypeVar("T")

ATTEMPTS: Final = 8
"""How often an act is tried when others are at the same things."""
_PAUSE: Final = 0.01


def persistently(act: Callable[[], T]) -> T:
    """Do something, and do it again as long as others are in its way, within reason."""
    for attempt in range(1, ATTEMPTS):
        try:
            return act()
        except ConcurrentChange:
            time.sleep(_PAUSE * attempt)
    return act()
