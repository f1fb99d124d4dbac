"""The discount groups that a programme starts with (D2)."""

from __future__ import annotations

from typing import Final

import attrs

from referral_core.entities.discount_group import DiscountGroup, Side


@attrs.frozen
class GroupSetting:
    """A discount group of the start: its id, its side, and the name that people see."""

    id: str
    side: Side
    name: str

    def group(self) -> DiscountGroup:
        """Return the group as it is at the start, enabled and without amounts."""
        return DiscountGroup(id=self.id, side=self.side, name=self.name)


HOUSEHOLD_GROUPS: Final = (
    GroupSetting("referrer", Side.REFERRER, "referrer"),
    GroupSetting("referee-self-service", Side.REFEREE, "referee-self-service"),
    GroupSetting("referee-manual", Side.REFEREE, "referee-manual"),
)
"""The three groups of D2."""
