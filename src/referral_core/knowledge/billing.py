"""Billing as it was known."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_core.entities.balance import Balance
from referral_core.entities.grant import Grant
from referral_core.entities.movement import Movement
from referral_core.knowledge.unwritable import unwritable
from referral_core.ports.billing import Billing, TellingBilling
from referral_core.ports.grants import Grants
from referral_core.values.money import Money


@attrs.frozen
class KnownBilling:
    """The port ``Billing`` as it stood: what had moved by a moment; ``grants`` are the legs known by then."""

    billing: Billing
    grants: Grants
    by: datetime

    def grant(self, grant: Grant) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"leg {grant.key}")

    def has_grant(self, key: str) -> bool:
        """Tell whether a leg that was known is posted under this key."""
        return self.grants.find(key) is not None and self.billing.has_grant(key)

    def bill(self, bill: str, account: str, amount: Money, *, at: datetime) -> Money:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"bill {bill}")

    def transfer(self, source: str, target: str, amount: Money | None, *, at: datetime, key: str) -> Money:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"transfer {key}")

    def balance(self, account: str, *, by: datetime | None = None) -> Balance:
        """Return the account's movements as they were known, up to and at ``by`` where that is earlier."""
        return self.billing.balance(account, by=self.by if by is None else min(by, self.by))

    def movements(self, account: str) -> tuple[Movement, ...]:
        """Return what had moved on the account as far as it was known; nothing if billing does not tell movements."""
        if not isinstance(self.billing, TellingBilling):
            return ()
        return tuple(each for each in self.billing.movements(account) if each.moment <= self.by)
