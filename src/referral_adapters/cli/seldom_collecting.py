"""The collector of cycles, while pages of many thousand objects are worked on."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SELDOM: Final = 100_000
"""How many objects come before another look; a page makes some hundred thousand, none of which is in a cycle."""


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Look for cycles seldom, and not among what is there already: it takes an eighth of the time otherwise."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_SELDOM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
