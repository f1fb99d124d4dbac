"""The evidence on a code, gathered from the ports where its parts are kept."""

from __future__ import annotations

from typing import Protocol

import attrs

from referral_core.ports.contracts import Contracts
from referral_core.ports.discount_groups import DiscountGroups
from referral_core.ports.evidence import Findings
from referral_core.ports.promo_codes import PromoCodes
from referral_core.ports.referrals import Referrals


class Sources(Protocol):
    """The four ports where the evidence on a code is kept."""

    @property
    def promo_codes(self) -> PromoCodes:
        """Promo codes."""
        ...

    @property
    def contracts(self) -> Contracts:
        """Contracts."""
        ...

    @property
    def referrals(self) -> Referrals:
        """Referrals."""
        ...

    @property
    def groups(self) -> DiscountGroups:
        """Discount groups."""
        ...


@attrs.frozen
class GatheredEvidence:
    """The port ``Evidence`` over four other ports: for a host that keeps them in different places, and for memory."""

    _sources: Sources

    def gather(self, code: str, customer: str | None, groups: tuple[str, str]) -> Findings:
        """Look up the code with a canonical text, a customer's standing, and two groups."""
        sources = self._sources
        referrer_group, referee_group = groups
        return Findings(
            sources.promo_codes.find(code),
            () if customer is None else sources.contracts.of_customer(customer),
            customer is not None and sources.referrals.live_of(customer) is not None,
            (sources.groups.find(referrer_group), sources.groups.find(referee_group)),
        )
