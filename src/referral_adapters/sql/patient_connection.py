"""Connections to PostgreSQL that do not wait for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cached_property
from itertools import count
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.abc import Transformer as ValuesRead
from psycopg.adapt import Transformer

T = TypeVar("T")


class PatientConnection(psycopg.Connection[Any]):
    """A connection that gives up on a server which stays silent for too long, and is closed then.

    A server that is in time says by itself that a statement took too long; this is for one that is stuck, or cut off
    while the line still looks alive. ``patience`` is in seconds, ``None`` for ever.
    """

    patience: float | None = None

    @cached_property
    def statement_names(self) -> dict[bytes, bytes]:
        """The names under which the server has prepared statements here, by their texts."""
        return {}

    @cached_property
    def numbers(self) -> Iterator[int]:
        """Numbers for names, each once."""
        return count(1)

    @cached_property
    def transformer(self) -> ValuesRead:
        """What reads the server's values."""
        return Transformer(self)

    def wait(self, gen: PQGen[T], *args: Any, **named: Any) -> T:  # noqa: ANN401 - as the driver has it
        """Wait for the server's answer, up to the end of patience."""
        if self.patience is None:
            return super().wait(gen, *args, **named)
        return super().wait(self._within(gen, self.patience), *args, **named)

    def _within(self, gen: PQGen[T], patience: float) -> PQGen[T]:
        """Pass on what is waited for; the driver looks in every now and then, also when there is nothing."""
        end = time.monotonic() + patience
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > end:
                    self.pgconn.finish()
                    raise psycopg.OperationalError("the server does not answer: timeout")
                wanted = gen.send(ready)
        except StopIteration as done:
            answer: T = done.value
            return answer
