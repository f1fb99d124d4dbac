"""Connections to PostgreSQL that do not wait for ever, and that keep the names of their prepared statements."""

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
    """A connection that is closed when the server stays silent for longer than ``patience``.

    A healthy server reports by itself that a statement took too long. This limit is for a server that hangs, or that is
    cut off while the network connection still looks alive. ``patience`` is in seconds, ``None`` for no limit.
    """

    patience: float | None = None

    @cached_property
    def statement_names(self) -> dict[bytes, bytes]:
        """The names of the statements that the server has prepared on this connection, by their texts."""
        return {}

    @cached_property
    def numbers(self) -> Iterator[int]:
        """The numbers for names of prepared statements, each given once."""
        return count(1)

    @cached_property
    def transformer(self) -> ValuesRead:
        """The driver's converter of the server's values, made once for all results."""
        return Transformer(self)

    def wait(self, gen: PQGen[T], *args: Any, **named: Any) -> T:  # noqa: ANN401 - as the driver has it
        """Wait for the server's answer for at most ``patience`` seconds."""
        if self.patience is None:
            return super().wait(gen, *args, **named)
        return super().wait(self._within(gen, self.patience), *args, **named)

    def _within(self, gen: PQGen[T], patience: float) -> PQGen[T]:
        """Pass the driver's waiting through, and end it when the time is over.

        The driver's loop comes back at short intervals without an event, which is when the clock is read.
        """
        end = time.monotonic() + patience
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > end:
                    # Closed at once: a late answer would be taken for the answer to a later statement.
                    self.pgconn.finish()
                    raise psycopg.OperationalError("the server does not answer: timeout")
                wanted = gen.send(ready)
        except StopIteration as done:
            answer: T = done.value
            return answer
