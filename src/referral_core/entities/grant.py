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
    BE_REFUSED = "be refused"


GRANT_LIFECYCLE: Final[Lifecycle[GrantStatus, GrantEvent]] = Lifecycle(
    "grant",
    GrantStatus,
    GrantEvent,
    {
        (GrantStatus.DUE, GrantEvent.SEND): GrantStatus.SENDING,
        (GrantStatus.DUE, GrantEvent.GO_UNANSWERED): GrantStatus.DUE,
        (GrantStatus.DUE, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.DUE, GrantEvent.BE_MISSING): GrantStatus.DUE,
        (GrantStatus.DUE, GrantEvent.BE_REFUSED): GrantStatus.DUE,
        # An attempt that nobody recorded the end of may have reached billing: ask before sending again.
        (GrantStatus.SENDING, GrantEvent.SEND): GrantStatus.UNCERTAIN,
        (GrantStatus.SENDING, GrantEvent.GO_UNANSWERED): GrantStatus.UNCERTAIN,
        (GrantStatus.SENDING, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.SENDING, GrantEvent.BE_MISSING): GrantStatus.DUE,
        (GrantStatus.SENDING, GrantEvent.BE_REFUSED): GrantStatus.DUE,
        (GrantStatus.UNCERTAIN, GrantEvent.SEND): GrantStatus.UNCERTAIN,
        (GrantStatus.UNCERTAIN, GrantEvent.GO_UNANSWERED): GrantStatus.UNCERTAIN,
        (GrantStatus.UNCERTAIN, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.UNCERTAIN, GrantEvent.BE_MISSING): GrantStatus.DUE,
        # One attempt that was refused says nothing about another that went unanswered.
        (GrantStatus.UNCERTAIN, GrantEvent.BE_REFUSED): GrantStatus.UNCERTAIN,
        # What billing has confirmed stays granted, whatever arrives late.
        (GrantStatus.GRANTED, GrantEvent.SEND): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.GO_UNANSWERED): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.BE_MISSING): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.BE_REFUSED): GrantStatus.GRANTED,
    },
)


State = tuple[GrantStatus, int, datetime | None]
"""What payers change about a leg: where it stands, how often it was tried, and until when it is left alone."""


@attrs.frozen(kw_only=True)
class Grant:
    """One leg: ``amount`` for ``account``, effective from the activation of the referee's contract (B1).

    ``referral`` is the contract's id, and with ``side`` the leg's identity. ``attempts`` counts how often a payer took
    it, to send it or to ask about it. Nobody touches it before ``wait_until``: at first that is the activation; while a
    payer has it, the end of the payer's lease; after a failure, when to try again. ``None`` means that it is not tried
    by itself any more, being granted or *stuck*. ``problem`` says in a word what kept it at the last failure, which was
    at ``failed_at``.
    """

    referral: str
    side: Side
    account: str
    amount: Money
    effective_from: datetime
    status: GrantStatus = GrantStatus.DUE
    attempts: int = 0
    wait_until: datetime | None = attrs.field()
    problem: str | None = None
    failed_at: datetime | None = None

    @wait_until.default
    def _until_effective(self) -> datetime | None:
        return None if self.status is GrantStatus.GRANTED else self.effective_from

    def __attrs_post_init__(self) -> None:
        if self.status is GrantStatus.GRANTED and self.wait_until is not None:
            raise ValueError(f"grant {self.key} waits for something although it is granted")

    @property
    def key(self) -> str:
        """The idempotency key under which billing knows this leg: the same however often it is sent (B2)."""
        return f"{self.side}/{self.referral}"

    @property
    def state(self) -> State:
        """What payers change; while it is the same, nobody else has had the leg."""
        return self.status, self.attempts, self.wait_until

    @property
    def is_stuck(self) -> bool:
        """Tell whether it is not granted and will not be tried again unless staff see to it."""
        return self.wait_until is None and self.status is not GrantStatus.GRANTED

    def after(self, event: GrantEvent) -> Grant:
        """Return the leg after an event of its lifecycle; once granted, it waits for nothing and has no problem."""
        status = GRANT_LIFECYCLE.after(self.status, event, self.key)
        if status is not GrantStatus.GRANTED:
            return attrs.evolve(self, status=status)
        return attrs.evolve(self, status=status, wait_until=None, problem=None, failed_at=None)

    def taken(self, until: datetime) -> Grant:
        """Return the leg in the hands of a payer, whose lease runs out at ``until``; this counts as an attempt."""
        status = GRANT_LIFECYCLE.after(self.status, GrantEvent.SEND, self.key)
        return attrs.evolve(self, status=status, attempts=self.attempts + 1, wait_until=until)

    def failed(self, event: GrantEvent, problem: str, *, at: datetime, wait_until: datetime | None) -> Grant:
        """Return the leg after an attempt that came to nothing; with nothing to wait for, it is stuck."""
        return attrs.evolve(self.after(event), problem=problem, failed_at=at, wait_until=wait_until)

    def retried(self, at: datetime) -> Grant:
        """Return the leg as it is to be tried again from ``at`` on, with all its attempts before it.

        What is in doubt stays so, and is asked about before it is sent.
        """
        return attrs.evolve(self, attempts=0, wait_until=at)
