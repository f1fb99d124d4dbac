"""The year run against the library in memory: the one place here that needs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from examples.year.course import year

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from examples.year.events import Result


def feed(accounts: int, seed: int, code_key: str) -> Iterator[str]:
    """Yield the lines of a year's feed, without line ends.

    The codes that later lines name are those that ``code_key`` makes, so replay the feed with the same key.
    """
    handle = runner(code_key)
    course = year(accounts, seed)
    event = next(course, None)
    number = 0
    while event is not None:
        number += 1
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        result = handle(line, number)
        yield line
        try:
            event = course.send(result)
        except StopIteration:
            return


def runner(code_key: str) -> Callable[[str, int], Result]:
    """Return what hands a line and its number to the library and returns the result."""
    raise NotImplementedError(code_key)
