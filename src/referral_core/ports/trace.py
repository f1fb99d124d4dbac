"""The port to the trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from referral_core.entities.seal import Head, Seal
from referral_core.entities.trace_entry import TraceEntry, TraceNote


class Trace(Protocol):
    """Where rows are added and never changed, chained per subject (A2).

    ``append`` is atomic per subject: of two racing writers on one subject the second follows the first. Writers on
    different subjects do not wait for each other.
    """

    def append(self, note: TraceNote) -> None:
        """Add a note as the next row of its subject's chain, salted with fresh randomness."""
        ...

    def chain(self, subject: str) -> Iterator[TraceEntry]:
        """Yield a subject's rows in order."""
        ...

    def heads(self) -> Iterator[Head]:
        """Yield the head of every chain, in order of subject."""
        ...

    def add_seal(self, seal: Seal) -> None:
        """Add a seal after the ones before it.

        :raises ValueError: its number is not the next, because another seal came first.
        """
        ...

    def seals(self) -> tuple[Seal, ...]:
        """Return all seals in order."""
        ...
