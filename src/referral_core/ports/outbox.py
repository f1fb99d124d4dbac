"""The port to what is published."""

from __future__ import annotations

from typing import Protocol

from referral_core.entities.published import Published


class Outbox(Protocol):
    """Where every row of the trace gets its place in one order, for those who follow what happens.

    A row is there once its transaction has ended, however it was written, and waits until somebody publishes it. Its
    position is given afterwards, so that nobody who has read up to one position ever misses a row that came late.
    Safe to call at once from many threads; writers of the trace wait for nobody here.
    """

    def publish(self, limit: int) -> int:
        """Give up to ``limit`` rows that have no position the next ones, and return how many got one.

        All or nothing. Rows of one subject get theirs in the order of their numbers. A position once given stays, and
        none is left out: one that was given in a transaction that fails is given again.
        """
        ...

    def read(self, after: int, limit: int) -> tuple[Published, ...]:
        """Return the next published rows with a position above ``after``, in order: ``limit``, or all there are.

        :raises TraceUnreadable: one of them cannot be read.
        """
        ...
