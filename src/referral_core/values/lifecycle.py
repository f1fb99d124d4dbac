"""Lifecycles: tables with the next state, or the reason of the refusal, for every state and event."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Generic, TypeVar

import attrs

from referral_core.values.errors import Reason, Refusal

S = TypeVar("S", bound=enum.StrEnum)
E = TypeVar("E", bound=enum.StrEnum)


@attrs.frozen
class Lifecycle(Generic[S, E]):
    """A table from every state and event to the next state, or to the reason that refuses it.

    The table is total: a missing pair raises ``ValueError`` when the lifecycle is made. The diagrams in the
    documentation are drawn from these tables.
    """

    name: str
    states: type[S]
    events: type[E]
    table: Mapping[tuple[S, E], S | Reason]

    def __attrs_post_init__(self) -> None:
        missing = [(s, e) for s in self.states for e in self.events if (s, e) not in self.table]
        if missing:
            raise ValueError(f"the lifecycle of a {self.name} says nothing about {missing}")

    def after(self, state: S, event: E, subject: str) -> S:
        """Return the next state; ``subject`` names the entity in the refusal's message.

        :raises Refusal: the table refuses the event in this state.
        """
        following = self.table[state, event]
        if isinstance(following, Reason):
            raise Refusal(following, message=f"{self.name} {subject} is {state}: it cannot {event}")
        return following
