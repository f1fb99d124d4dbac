"""Referrals as they were known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import attrs

from referral_core.entities.referral import Referral
from referral_core.knowledge.unwritable import unwritable
from referral_core.ports.contracts import Contracts
from referral_core.ports.history import History
from referral_core.ports.referrals import Referrals


@attrs.frozen
class KnownReferrals:
    """The port ``Referrals`` as it stood; ``history`` is what was known of it, ``contracts`` are all there are now."""

    referrals: Referrals
    contracts: Contracts
    history: History
    by: datetime

    def find(self, contract: str) -> Referral | None:
        """Return the referral of this contract as it was known, with the fee notes made by then."""
        present = self.referrals.find(contract)
        return None if present is None else self._known(present)

    def live_of(self, customer: str) -> Referral | None:
        """Return the referral of this customer as referee that was open or paid, as far as was known."""
        for contract in self.contracts.of_customer(customer):
            found = self.find(contract.id)
            if found is not None and found.is_live:
                return found
        return None

    def add(self, referral: Referral, *, at: datetime) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"referral of {referral.contract}")

    def replace(self, referral: Referral, *, at: datetime) -> None:
        """Raise :class:`TypeError`."""
        self.add(referral, at=at)

    def all(self, *, referrer: str | None = None, newest_by: datetime | None = None) -> Iterator[Referral]:
        """Yield every referral that was known, or those of one referring account, in the port's order."""
        for present in self.referrals.all(referrer=referrer, newest_by=newest_by):
            known = self._known(present)
            if known is not None:
                yield known

    def _known(self, present: Referral) -> Referral | None:
        states = self.history.referral(present.contract)
        if not states:
            return None
        notes = tuple(note for note in present.fee_notes if note.noted_at <= self.by)
        return attrs.evolve(states[-1].state, fee_notes=notes)
