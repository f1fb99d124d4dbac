"""The repository of discount groups."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from referral_core.entities.discount_group import DiscountGroup
from referral_core.values.recorded import Recorded


class GroupRepository(Protocol):
    """Where groups and their amounts over time are kept, each state with the moment it was recorded.

    The store itself guards that ids and names are unique (D2), names without regard to case and blanks around them,
    and that one group's periods are disjoint (D3).
    """

    def find(self, group: str) -> DiscountGroup | None:
        """Return the group of this id, as last stored."""
        ...

    def all(self) -> tuple[DiscountGroup, ...]:
        """Return every group, in the order they were added."""
        ...

    def put(self, group: DiscountGroup, *, at: datetime) -> None:
        """Store a group, new or in its next state, as recorded at ``at``.

        :raises Refusal: ``group-exists`` when another group has its name.
        """
        ...

    def history(self, group: str) -> tuple[Recorded[DiscountGroup], ...]:
        """Return every state that was ever stored of a group, in order; none is taken back or changed (R3).

        ``recorded_at`` is the ``at`` of the act that stored it and never goes back: what arrives late is recorded at
        the moment of the last record on the group. ``revision`` counts from 1. Moments are to the microsecond.
        """
        ...
