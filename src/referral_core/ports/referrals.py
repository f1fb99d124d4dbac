"""The repository of referrals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from referral_core.entities.referral import Referral
from referral_core.values.history import Recorded


class ReferralRepository(Protocol):
    """The repository of referrals, each state with the moment of recording.

    The store itself guards that a contract has one referral. How many live ones a customer may have is the programme's
    to say (S4, S12): within a transaction, whoever reads :meth:`live_of` is alone with the customer until it ends.
    """

    def find(self, contract: str) -> Referral | None:
        """Return the referral of this contract, live or cancelled."""
        ...

    def live_of(self, customer: str) -> tuple[Referral, ...]:
        """Return the referrals with this customer as the referee that are open or were paid, in order of contract."""
        ...

    def add(self, referral: Referral, *, at: datetime) -> None:
        """Store a new referral.

        :raises Refusal: ``already-referred`` when its contract carries one.
        """
        ...

    def replace(self, referral: Referral, *, at: datetime) -> None:
        """Store the next state of a referral.

        :raises Refusal: ``referral-unknown`` when its contract carries none.
        """
        ...

    def all(self, *, referrer: str | None = None, newest_by: datetime | None = None) -> Iterator[Referral]:
        """Yield every referral, or those of one referring account, by concluding moment and then by contract.

        With ``newest_by`` only those concluded by that moment are yielded, in the opposite order: the newest first.
        """
        ...

    def history(self, contract: str) -> tuple[Recorded[Referral], ...]:
        """Return every state that was ever stored of a contract's referral, in order, without its fee notes (R3).

        Fee notes have moments of their own and never change, so they are not repeated here. No state is removed or
        changed. ``recorded_at`` is the ``at`` of the act that stored the state. It never goes back: a late arrival is
        recorded at the moment of the last record on the referral. ``revision`` counts from 1.
        """
        ...
