"""What makes a line no proper line."""

from __future__ import annotations

from referral_core.values.errors import ReferralError


class LineInvalid(ReferralError):
    """A line is not a proper event; ``field`` names the attribute, or the position in the text, at fault."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why
