"""The year with the library in memory, which only this module needs."""

from __future__ import annotations

import json
from collections.abc import Iterator

from examples.year.course import year
from referral_adapters.cli.store import secret_of
from referral_adapters.feed import FeedRunner
from referral_adapters.memory import MemoryStore
from referral_core import Programme


def feed(accounts: int, seed: int, code_key: str) -> Iterator[str]:
    """Yield the lines of a year's feed, without line ends.

    The codes that later lines name are those that ``code_key`` makes, so replay the feed with the same key.
    """
    library = runner(code_key)
    course = year(accounts, seed)
    event = next(course, None)
    number = 0
    while event is not None:
        number += 1
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        result = library.handle(line, number)
        yield line
        try:
            event = course.send(result)
        except StopIteration:
            return


def runner(code_key: str) -> FeedRunner:
    """Return the runner of a feed over a new store in memory, with the default programme."""
    programme = Programme.default()
    return FeedRunner(programme, MemoryStore(programme, secret=secret_of(code_key)))
