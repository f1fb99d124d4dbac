"""The port to the evidence on a code: all that is looked up before it is judged, in one go."""

from __future__ import annotations

from typing import Protocol

import attrs

from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.promo_code import PromoCode


@attrs.frozen
class Findings:
    """What was found: the code; the customer's contracts, and whether they are referred; the groups asked for.

    ``contracts`` are in order of concluding moment and then id. ``is_referred`` tells whether the customer has a
    referral that is open or was paid (S4). ``groups`` are in the order they were asked for, ``None`` for one that does
    not exist.
    """

    code: PromoCode | None
    contracts: tuple[Contract, ...]
    is_referred: bool
    groups: tuple[DiscountGroup | None, ...]


class Evidence(Protocol):
    """Where everything that a check looks at is found at once, because a check is what happens most (P4, S5).

    The same could be asked of four other ports, and must give the same: see
    :class:`~referral_core.ports.gathered_evidence.GatheredEvidence`, which does so.
    """

    def gather(self, code: str, customer: str | None, groups: tuple[str, str]) -> Findings:
        """Look up the code with a canonical text, a customer's standing, and two groups.

        Without a ``customer`` there are no contracts and no referral.
        """
        ...
