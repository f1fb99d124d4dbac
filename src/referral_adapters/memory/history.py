"""Histories: every state that something was in, with the moment each was recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

from referral_adapters.memory.journal import Change, adding, setting

S = TypeVar("S")


class History(Generic[S]):
    """The states of all things of one kind, by id, kept for ever in the order in which they were recorded."""

    def __init__(self) -> None:
        self._states: dict[str, list[tuple[datetime, S]]] = {}

    def recording(self, id: str, at: datetime, state: S) -> Change:  # noqa: A002 - what it is
        """Return the change that records one more state."""
        states = self._states.get(id)
        return setting(self._states, id, [(at, state)]) if states is None else adding(states, (at, state))

    def of(self, id: str) -> tuple[tuple[datetime, S], ...]:  # noqa: A002
        """Return every state of one thing with the moment it was recorded, first to last; empty if there is none."""
        return tuple(self._states.get(id, ()))
