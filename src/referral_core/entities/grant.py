"""Grants: one side's discount of one referral, on its way to billing (B1, B2).

A referral has two grants, each with its own identity and state, so that the failure of one never touches the other.
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
    """The status of a grant between activation and billing's confirmation."""

    DUE = "due"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    GRANTED = "granted"


class GrantEvent(Word):
    """The events in the lifecycle of a grant: an attempt, and billing's answers to it."""

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
        # An attempt without a recorded end may have reached billing: the key is looked up before anything is sent.
        (GrantStatus.SENDING, GrantEvent.SEND): GrantStatus.UNCERTAIN,
        (GrantStatus.SENDING, GrantEvent.GO_UNANSWERED): GrantStatus.UNCERTAIN,
        (GrantStatus.SENDING, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.SENDING, GrantEvent.BE_MISSING): GrantStatus.DUE,
        (GrantStatus.SENDING, GrantEvent.BE_REFUSED): GrantStatus.DUE,
        (GrantStatus.UNCERTAIN, GrantEvent.SEND): GrantStatus.UNCERTAIN,
        (GrantStatus.UNCERTAIN, GrantEvent.GO_UNANSWERED): GrantStatus.UNCERTAIN,
        (GrantStatus.UNCERTAIN, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.UNCERTAIN, GrantEvent.BE_MISSING): GrantStatus.DUE,
        # The refusal of one attempt says nothing about an earlier attempt that went unanswered.
        (GrantStatus.UNCERTAIN, GrantEvent.BE_REFUSED): GrantStatus.UNCERTAIN,
        # A confirmation is final: answers that arrive late change nothing.
        (GrantStatus.GRANTED, GrantEvent.SEND): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.GO_UNANSWERED): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.BE_MISSING): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.BE_REFUSED): GrantStatus.GRANTED,
    },
)


PayState = tuple[GrantStatus, int, datetime | None]
"""The fields of a grant that payers change: its status, its attempts, and the moment until which it waits."""


@attrs.frozen(kw_only=True)
class Grant:
    """A grant of ``amount`` to ``account``, effective from the activation of the referee's contract (B1).

    ``referral`` is the contract's id; with ``side`` it is the identity of the grant. ``attempts`` counts how often a
    payer took the grant, to send it or to look it up. ``wait_until`` is the moment before which no payer takes it: at
    first the activation, while a payer holds it the end of the payer's lease, after a failure the next attempt.
    ``None`` means that no payer takes it any more: it is granted, or *stuck*. ``problem`` is a word for the last
    failure, which was at ``failed_at``.
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
        """The idempotency key of the grant in billing, the same for every attempt (B2)."""
        return f"{self.side}/{self.referral}"

    @property
    def state(self) -> PayState:
        """The fields that payers change; an unchanged state proves that no other payer took the grant."""
        return self.status, self.attempts, self.wait_until

    @property
    def is_stuck(self) -> bool:
        """Tell whether the grant is not granted, and is not tried again until staff retry it."""
        return self.wait_until is None and self.status is not GrantStatus.GRANTED

    def after(self, event: GrantEvent) -> Grant:
        """Return the grant after an event of its lifecycle; a granted grant has no wait and no problem."""
        status = GRANT_LIFECYCLE.after(self.status, event, self.key)
        if status is not GrantStatus.GRANTED:
            return attrs.evolve(self, status=status)
        return attrs.evolve(self, status=status, wait_until=None, problem=None, failed_at=None)

    def taken(self, until: datetime) -> Grant:
        """Return the grant leased to a payer until ``until``; this counts as an attempt."""
        status = GRANT_LIFECYCLE.after(self.status, GrantEvent.SEND, self.key)
        return attrs.evolve(self, status=status, attempts=self.attempts + 1, wait_until=until)

    def failed(self, event: GrantEvent, problem: str, *, at: datetime, wait_until: datetime | None) -> Grant:
        """Return the grant after a failed attempt; without ``wait_until`` it is stuck."""
        return attrs.evolve(self.after(event), problem=problem, failed_at=at, wait_until=wait_until)

    def retried(self, at: datetime) -> Grant:
        """Return the grant due again from ``at`` on, with its full number of attempts.

        A grant in doubt stays in doubt: it is looked up in billing before it is sent.
        """
        return attrs.evolve(self, attempts=0, wait_until=at)
