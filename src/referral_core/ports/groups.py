"""The repository of discount groups."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from referral_core.entities.discount_group import DiscountGroup
from referral_core.values.history import Recorded


class GroupRepository(Protocol):
    """The repository of groups with their amounts over time, each state with the moment of recording.

    The store itself guards that ids and names are unique (D2), names without regard to case and surrounding blanks,
    and that the periods of one group do not overlap (D3).
    """

    def find(self, group: str) -> DiscountGroup | None:
        """Return the group with this id, as last stored."""
        ...

    def all(self) -> tuple[DiscountGroup, ...]:
        """Return every group, in the order in which they were added."""
        ...

    def put(self, group: DiscountGroup, *, at: datetime) -> None:
        """Store a new group, or the next state of a group, as recorded at ``at``.

        :raises Refusal: ``group-exists`` when another group has its name.
        """
        ...

    def history(self, group: str) -> tuple[Recorded[DiscountGroup], ...]:
        """Return every state that was ever stored of a group, in order; none is removed or changed (R3).

        ``recorded_at`` is the ``at`` of the act that stored the state. It never goes back: a late arrival is recorded
        at the moment of the last record on the group. ``revision`` counts from 1. Moments are exact to the microsecond.
        """
        ...
