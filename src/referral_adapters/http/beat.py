"""Answers that leave on a beat, so that the time an answer takes does not say how it was come by (A4)."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Final

_COARSE: Final = 0.002
"""Event loops wake a sleeper up to a millisecond or two beside its time, by how long it sleeps."""


async def next_beat(started: float, beat: float) -> None:
    """Wait until a whole number of ``beat`` seconds has passed since ``started``, by :func:`time.perf_counter`.

    The end of the wait is found by looking at the clock again and again, letting all others go first: a sleep that ends
    a fraction of a millisecond late tells by that fraction when it began.
    """
    due = perf_counter()
    due += (started - due) % beat
    if (rest := due - perf_counter() - _COARSE) > 0:
        await asyncio.sleep(rest)
    while perf_counter() < due:
        await asyncio.sleep(0)
