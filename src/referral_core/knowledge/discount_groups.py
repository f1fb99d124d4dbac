"""Discount groups as they were known."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_core.entities.discount_group import DiscountGroup
from referral_core.knowledge.unwritable import unwritable
from referral_core.ports.discount_groups import DiscountGroups
from referral_core.ports.history import History


@attrs.frozen
class KnownDiscountGroups:
    """The port ``DiscountGroups`` as it stood; ``history`` is what was known of it."""

    groups: DiscountGroups
    history: History
    by: datetime

    def find(self, group: str) -> DiscountGroup | None:
        """Return the group of this id as it was known."""
        states = self.history.group(group)
        return states[-1].state if states else None

    def all(self) -> tuple[DiscountGroup, ...]:
        """Return every group that was known, in the order they were added."""
        return tuple(known for group in self.groups.all() if (known := self.find(group.id)))

    def put(self, group: DiscountGroup, *, at: datetime) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"group {group.id}")
