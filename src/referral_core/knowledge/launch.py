"""The ports of a launch, which has no past."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import attrs

from referral_core.entities.codeless_account import CodelessPage
from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.trace_entry import TraceNote
from referral_core.knowledge.unwritable import unwritable
from referral_core.ports.launch_contracts import Standing


@attrs.frozen
class KnownLaunchContracts:
    """The port ``LaunchContracts``, which reads only what is about to be written."""

    by: datetime

    def standing(self, contracts: Sequence[str], accounts: Sequence[str]) -> Standing:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"page of {len(contracts)} contracts on {len(accounts)} accounts")

    def add(self, contracts: Sequence[Contract]) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"page of {len(contracts)} contracts")


@attrs.frozen
class KnownLaunchCodes:
    """The port ``LaunchCodes``, which reads only what is about to be written."""

    by: datetime

    def count(self) -> int:
        """Raise :class:`TypeError`."""
        unwritable(self.by, "launch")

    def codeless(self, after: str, limit: int, *, at: datetime) -> CodelessPage:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"page of {limit} accounts after {after!r} at {at.isoformat()}")

    def taken(self, texts: Collection[str]) -> frozenset[str]:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"page of {len(texts)} texts")

    def add(self, codes: Sequence[PromoCode], notes: Sequence[TraceNote], *, at: datetime) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"page of {len(codes)} codes and {len(notes)} notes at {at.isoformat()}")
