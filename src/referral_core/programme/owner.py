"""The programme that a store belongs to: its currency and its zone (P5)."""

from __future__ import annotations

from typing import Protocol, Self

import attrs

from referral_core.entities.discount_group import DiscountGroup
from referral_core.values.errors import REASON_ORDER, Reason, Refusal


class StartingPoint(Protocol):
    """The part of a programme that a new store takes over."""

    @property
    def currency(self) -> str:
        """The currency of every amount (M3)."""
        ...

    @property
    def zone(self) -> str:
        """The zone of days, by its name in the IANA database (M1)."""
        ...

    def initial_groups(self) -> tuple[DiscountGroup, ...]:
        """Return the groups of a new store (D2)."""
        ...


@attrs.frozen
class Owner:
    """The currency and the zone of the programme that a store belongs to, ``None`` while it belongs to none (P5).

    A store of an earlier version may know its currency alone.
    """

    currency: str | None = None
    zone: str | None = None

    def taking(self, programme: StartingPoint) -> Self:
        """Return the owner after the store was opened under a programme, which gives what is still unknown.

        :raises Refusal: ``zone-mismatch``, ``currency-mismatch``, or both: the store belongs to another programme.
        """
        wrong = {
            Reason.ZONE_MISMATCH: (self.zone, programme.zone),
            Reason.CURRENCY_MISMATCH: (self.currency, programme.currency),
        }
        found = {reason: pair for reason, pair in wrong.items() if pair[0] not in {None, pair[1]}}
        if found:
            kept, given = (" and ".join(filter(None, parts)) for parts in zip(*found.values(), strict=True))
            raise Refusal(
                *sorted(found, key=REASON_ORDER.__getitem__),
                message=f"the store belongs to a programme of {kept}, and this one is of {given}",
            )
        return attrs.evolve(self, currency=programme.currency, zone=programme.zone)

    @property
    def is_known(self) -> bool:
        """Tell whether both are known."""
        return self.currency is not None and self.zone is not None
