"""What staff choose for a sign-up besides the code: a group (D7), an earlier moment to honour (S10), and why."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import attrs

from examples.portal.typed import typed_moment
from examples.portal.visit import Visit

HONOURED = "honour.moment"
"""The name of the field, the same as refusals give it."""


@attrs.frozen(kw_only=True)
class StaffChoice:
    """The choices of a form; ``None`` leaves the matter to the rules."""

    group: str | None = None
    honoured: datetime | None = None
    reason: str | None = None

    @classmethod
    def typed(cls, visit: Visit) -> Self:
        """Return what stands in the form.

        :raises Refusal: ``moment-invalid``.
        """
        fields = visit.fields
        return cls(
            group=fields.get("group") or None,
            honoured=typed_moment(fields.get(HONOURED, ""), visit.world.programme.calendar, HONOURED),
            reason=fields.get("reason") or None,
        )

    @property
    def deviates(self) -> bool:
        """Tell whether anything is chosen otherwise than the rules by themselves would."""
        return self.group is not None or self.honoured is not None
