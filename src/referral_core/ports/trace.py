"""The port to the trace."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Protocol

from referral_core.entities.seal import Head
from referral_core.entities.trace_entry import TraceEntry, TraceNote


class Trace(Protocol):
    """Where rows are added and never changed, chained per subject (A2).

    ``append`` is atomic per subject: of two racing writers on one subject the second follows the first. Writers on
    different subjects do not wait for each other. Reading holds a few rows at a time where the store can, and no lock.
    """

    def append(self, *notes: TraceNote) -> None:
        """Add notes, all or none, each as the next row of its subject's chain, salted with fresh randomness."""
        ...

    def chain(self, subject: str | None = None, *, after: tuple[str, int] | None = None) -> Iterator[TraceEntry]:
        """Yield a subject's rows in order; those of every subject, chain after chain, when none is named.

        Subjects come by their code points. With ``after``, a subject and a number, begin with what follows that place.

        :raises TraceUnreadable: the next row cannot be read; ``after`` its place the rest can.
        """
        ...

    def newest(self, subjects: Collection[str], by: datetime, limit: int) -> tuple[TraceEntry, ...]:
        """Return up to ``limit`` rows of some chains, of moments up to ``by``, the newest first.

        Those of one moment come by the code points of the subject and then by number, the last first.

        :raises TraceUnreadable: one of them cannot be read.
        """
        ...

    def heads(self) -> Iterator[Head]:
        """Yield the head of every chain, in order of subject."""
        ...
