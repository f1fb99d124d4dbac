"""Answers whose timing tells nothing about a code (A4)."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Final

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
