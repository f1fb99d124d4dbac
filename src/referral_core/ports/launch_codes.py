"""The port through which accounts get their first codes, many at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from referral_core.entities.codeless_account import CodelessPage
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.trace_entry import TraceNote


class LaunchCodes(Protocol):
    """The accounts and codes of a store, read and added by pages (C2).

    What it adds is found through :class:`~referral_core.ports.promo_codes.PromoCodes` and
    :class:`~referral_core.ports.trace.Trace` like any other, and guarded likewise.
    """

    def count(self) -> int:
        """Return how many accounts there are."""
        ...

    def codeless(self, after: str, limit: int, *, at: datetime) -> CodelessPage:
        """Look at the next ``limit`` accounts whose id is above ``after``, by the code points of the id.

        Returned are those that never held a code and on which a contract is in force: open, and activated at or
        before ``at``. In a transaction their contracts stay as they are until it ends, and a second run waits for it.
        """
        ...

    def taken(self, texts: Collection[str]) -> frozenset[str]:
        """Return which of these canonical texts some account holds or held (C1)."""
        ...

    def add(self, codes: Sequence[PromoCode], notes: Sequence[TraceNote], *, at: datetime) -> None:
        """Store the first codes of accounts, recorded at ``at``, and add the notes to the trace: all of it or nothing.

        :raises ConcurrentChange: a text was taken, or an account came to hold another code; nothing was stored. Ask
            again for what is codeless.
        """
        ...
