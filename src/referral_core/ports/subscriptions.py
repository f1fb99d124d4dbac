"""The port to those who follow what is published."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from referral_core.entities.subscription import Subscription


class Subscriptions(Protocol):
    """Where it is kept how far every receiver has got, and who is sending to it."""

    def find(self, name: str) -> Subscription | None:
        """Return the subscription of this name."""
        ...

    def add(self, name: str, position: int) -> bool:
        """Store a new subscription that begins above ``position``; ``False`` if there is one, which stays as it is."""
        ...

    def take(self, name: str, *, at: datetime, until: datetime) -> Subscription | None:
        """Lease a subscription to the caller alone until a moment, and return it as it is now stored.

        ``None`` when somebody else holds it at ``at``, when it has to wait until later, or when there is none. A lease
        is over at the moment until which it was taken. Of two at once one gets it.
        """
        ...

    def settle(self, before: Subscription, after: Subscription) -> bool:
        """Store the next state, which has the same name, if it is still as ``before`` says.

        ``False`` when somebody else has changed it meanwhile, and nothing changes.

        :raises ValueError: it has another name.
        """
        ...

    def all(self) -> tuple[Subscription, ...]:
        """Return every subscription, by the code points of the name."""
        ...
