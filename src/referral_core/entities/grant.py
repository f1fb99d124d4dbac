"""Grants: one side's discount of one referral, on its way to billing (B1, B2).

A referral pays in two legs, each with its own identity and state, so that one failing never touches the other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from referral_core.entities.discount_group import Side
from referral_core.values.lifecycle import Lifecycle
from referral_core.values.money import Money
from referral_core.values.word import Word

DISCOUNT_TYPE: Final = "Continuous bill discount"
"""The type under which billing keeps every grant (B1)."""


class GrantStatus(Word):
    """Where a leg stands between the rules and billing."""

    DUE = "due"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    GRANTED = "granted"


class GrantEvent(Word):
    """What can happen to a leg: an attempt, and what billing answers."""

    SEND = "send"
    GO_UNANSWERED = "go unanswered"
    BE_FOUND = "be found"
    BE_MISSING = "be missing"


GRANT_LIFECYCLE: Final[Lifecycle[GrantStatus, GrantEvent]] = Lifecycle(
    "grant",
    GrantStatus,
    GrantEvent,
    {
        (GrantStatus.DUE, GrantEvent.SEND): GrantStatus.SENDING,
        (GrantStatus.DUE, GrantEvent.GO_UNANSWERED): GrantStatus.DUE,
        (GrantStatus.DUE, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.DUE, GrantEvent.BE_MISSING): GrantStatus.DUE,
        # An attempt that nobody recorded the end of may have reached billing: ask before sending again.
        (GrantStatus.SENDING, GrantEvent.SEND): GrantStatus.UNCERTAIN,
        (GrantStatus.SENDING, GrantEvent.GO_UNANSWERED): GrantStatus.UNCERTAIN,
        (GrantStatus.SENDING, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.SENDING, GrantEvent.BE_MISSING): GrantStatus.DUE,
        (GrantStatus.UNCERTAIN, GrantEvent.SEND): GrantStatus.UNCERTAIN,
        (GrantStatus.UNCERTAIN, GrantEvent.GO_UNANSWERED): GrantStatus.UNCERTAIN,
        (GrantStatus.UNCERTAIN, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.UNCERTAIN, GrantEvent.BE_MISSING): GrantStatus.DUE,
        # What billing has confirmed stays granted, whatever arrives late.
        (GrantStatus.GRANTED, GrantEvent.SEND): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.GO_UNANSWERED): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.BE_MISSING): GrantStatus.GRANTED,
    },
)


@attrs.frozen(kw_only=True)
class Grant:
    """One leg: ``amount`` for ``account``, effective from the activation of the referee's contract (B1).

    ``referral`` is the contract's id, and with ``side`` the leg's identity. ``attempts`` counts how often it was sent.
    """

    referral: str
    side: Side
    account: str
    amount: Money
    effective_from: datetime
    status: GrantStatus = GrantStatus.DUE
    attempts: int = 0

    @property
    def key(self) -> str:
        """The idempotency key under which billing knows this leg: the same however often it is sent (B2)."""
        return f"{self.side}/{self.referral}"

    def after(self, event: GrantEvent) -> Grant:
        """Return the leg after an event of its lifecycle."""
        status = GRANT_LIFECYCLE.after(self.status, event, self.key)
        return attrs.evolve(self, status=status, attempts=self.attempts + (status is GrantStatus.SENDING))
