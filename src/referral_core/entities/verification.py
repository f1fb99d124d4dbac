"""What came of verifying a trace (A2)."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_core.entities.seal import Seal
from referral_core.entities.trace_fault import TraceFault


@attrs.frozen(kw_only=True)
class Verification:
    """What came of verifying a trace at a moment.

    ``rows`` in ``chains`` and ``seals`` were read; ``erased`` rows have no personal part any more; ``unsealed`` rows
    came after the last seal over their chain, so that nobody would notice if they were cut off. ``last`` is the last
    seal. ``faults`` are the first of those found, seals first, then rows by subject; ``more`` counts the others.
    """

    at: datetime
    rows: int
    chains: int
    erased: int
    unsealed: int
    seals: int
    last: Seal | None
    faults: tuple[TraceFault, ...]
    more: int

    @property
    def holds(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.faults and not self.more
