"""The table that says which referee group a sign-up falls into (D6)."""

from __future__ import annotations

from typing import Final

import attrs


@attrs.frozen
class RefereeGroupLine:
    """One line of the table: the group of the sign-ups that match; ``None`` matches anything (D6)."""

    group: str
    channel: str | None = None
    segment: str | None = None
    product: str | None = None

    @property
    def criteria(self) -> tuple[str | None, str | None, str | None]:
        """What the line asks for, in the order channel, segment, product."""
        return (self.channel, self.segment, self.product)

    def matches(self, channel: str, segment: str, product: str) -> bool:
        """Tell whether a sign-up matches."""
        return self.channel in {None, channel} and self.segment in {None, segment} and self.product in {None, product}

    def is_as_wide_as(self, other: RefereeGroupLine) -> bool:
        """Tell whether whatever matches ``other`` matches this line too."""
        pairs = zip(self.criteria, other.criteria, strict=True)
        return all(wanted is None or wanted == given for wanted, given in pairs)


HOUSEHOLD_REFEREE_GROUPS: Final = (
    RefereeGroupLine("referee-self-service", channel="self-service"),
    RefereeGroupLine("referee-manual"),
)
"""The defaults of D6."""
