"""What entering an amount would do (D3-D5)."""

from __future__ import annotations

import attrs

from referral_core.values.money import Money
from referral_core.values.span import Span
from referral_core.values.timeline import Timeline


@attrs.frozen
class AmountPreview:
    """A group's amounts as they are, and as they would be.

    ``displaced`` is what would give way: the amounts that are in force now in the new one's period, each with the part
    of the period in which they are.
    """

    before: Timeline[Money]
    after: Timeline[Money]
    displaced: tuple[Span[Money], ...]
