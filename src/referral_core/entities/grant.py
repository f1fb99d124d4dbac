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
    """The status of a grant between activation and billing's confirmation.

    A held or void grant whose last attempt has no known end is *in doubt*: it is looked up in billing, and never sent.
    """

    DUE = "due"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    GRANTED = "granted"
    HELD = "held"
    HELD_IN_DOUBT = "held-in-doubt"
    VOID = "void"
    VOID_IN_DOUBT = "void-in-doubt"


class GrantEvent(Word):
    """The events in the lifecycle of a grant: an attempt, billing's answers to it, and staff who stop it (V1, V2)."""

    SEND = "send"
    GO_UNANSWERED = "go unanswered"
    BE_FOUND = "be found"
    BE_MISSING = "be missing"
    BE_REFUSED = "be refused"
    HOLD = "hold"
    RELEASE = "release"
    VOID = "void"


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
        (GrantStatus.DUE, GrantEvent.HOLD): GrantStatus.HELD,
        (GrantStatus.DUE, GrantEvent.RELEASE): GrantStatus.DUE,
        (GrantStatus.DUE, GrantEvent.VOID): GrantStatus.VOID,
        # An attempt without a recorded end may have reached billing: the key is looked up before anything is sent.
        (GrantStatus.SENDING, GrantEvent.SEND): GrantStatus.UNCERTAIN,
        (GrantStatus.SENDING, GrantEvent.GO_UNANSWERED): GrantStatus.UNCERTAIN,
        (GrantStatus.SENDING, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.SENDING, GrantEvent.BE_MISSING): GrantStatus.DUE,
        (GrantStatus.SENDING, GrantEvent.BE_REFUSED): GrantStatus.DUE,
        (GrantStatus.SENDING, GrantEvent.HOLD): GrantStatus.HELD_IN_DOUBT,
        (GrantStatus.SENDING, GrantEvent.RELEASE): GrantStatus.SENDING,
        (GrantStatus.SENDING, GrantEvent.VOID): GrantStatus.VOID_IN_DOUBT,
        (GrantStatus.UNCERTAIN, GrantEvent.SEND): GrantStatus.UNCERTAIN,
        (GrantStatus.UNCERTAIN, GrantEvent.GO_UNANSWERED): GrantStatus.UNCERTAIN,
        (GrantStatus.UNCERTAIN, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.UNCERTAIN, GrantEvent.BE_MISSING): GrantStatus.DUE,
        # The refusal of one attempt says nothing about an earlier attempt that went unanswered.
        (GrantStatus.UNCERTAIN, GrantEvent.BE_REFUSED): GrantStatus.UNCERTAIN,
        (GrantStatus.UNCERTAIN, GrantEvent.HOLD): GrantStatus.HELD_IN_DOUBT,
        (GrantStatus.UNCERTAIN, GrantEvent.RELEASE): GrantStatus.UNCERTAIN,
        (GrantStatus.UNCERTAIN, GrantEvent.VOID): GrantStatus.VOID_IN_DOUBT,
        # A confirmation is final: answers that arrive late change nothing.
        (GrantStatus.GRANTED, GrantEvent.SEND): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.GO_UNANSWERED): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.BE_MISSING): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.BE_REFUSED): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.HOLD): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.RELEASE): GrantStatus.GRANTED,
        (GrantStatus.GRANTED, GrantEvent.VOID): GrantStatus.GRANTED,
        # What is stopped is never sent. A confirmation of an attempt that was under way is final all the same.
        (GrantStatus.HELD, GrantEvent.SEND): GrantStatus.HELD,
        (GrantStatus.HELD, GrantEvent.GO_UNANSWERED): GrantStatus.HELD,
        (GrantStatus.HELD, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.HELD, GrantEvent.BE_MISSING): GrantStatus.HELD,
        (GrantStatus.HELD, GrantEvent.BE_REFUSED): GrantStatus.HELD,
        (GrantStatus.HELD, GrantEvent.HOLD): GrantStatus.HELD,
        (GrantStatus.HELD, GrantEvent.RELEASE): GrantStatus.DUE,
        (GrantStatus.HELD, GrantEvent.VOID): GrantStatus.VOID,
        (GrantStatus.HELD_IN_DOUBT, GrantEvent.SEND): GrantStatus.HELD_IN_DOUBT,
        (GrantStatus.HELD_IN_DOUBT, GrantEvent.GO_UNANSWERED): GrantStatus.HELD_IN_DOUBT,
        (GrantStatus.HELD_IN_DOUBT, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.HELD_IN_DOUBT, GrantEvent.BE_MISSING): GrantStatus.HELD,
        (GrantStatus.HELD_IN_DOUBT, GrantEvent.BE_REFUSED): GrantStatus.HELD_IN_DOUBT,
        (GrantStatus.HELD_IN_DOUBT, GrantEvent.HOLD): GrantStatus.HELD_IN_DOUBT,
        (GrantStatus.HELD_IN_DOUBT, GrantEvent.RELEASE): GrantStatus.UNCERTAIN,
        (GrantStatus.HELD_IN_DOUBT, GrantEvent.VOID): GrantStatus.VOID_IN_DOUBT,
        (GrantStatus.VOID, GrantEvent.SEND): GrantStatus.VOID,
        (GrantStatus.VOID, GrantEvent.GO_UNANSWERED): GrantStatus.VOID,
        (GrantStatus.VOID, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.VOID, GrantEvent.BE_MISSING): GrantStatus.VOID,
        (GrantStatus.VOID, GrantEvent.BE_REFUSED): GrantStatus.VOID,
        (GrantStatus.VOID, GrantEvent.HOLD): GrantStatus.VOID,
        (GrantStatus.VOID, GrantEvent.RELEASE): GrantStatus.VOID,
        (GrantStatus.VOID, GrantEvent.VOID): GrantStatus.VOID,
        (GrantStatus.VOID_IN_DOUBT, GrantEvent.SEND): GrantStatus.VOID_IN_DOUBT,
        (GrantStatus.VOID_IN_DOUBT, GrantEvent.GO_UNANSWERED): GrantStatus.VOID_IN_DOUBT,
        (GrantStatus.VOID_IN_DOUBT, GrantEvent.BE_FOUND): GrantStatus.GRANTED,
        (GrantStatus.VOID_IN_DOUBT, GrantEvent.BE_MISSING): GrantStatus.VOID,
        (GrantStatus.VOID_IN_DOUBT, GrantEvent.BE_REFUSED): GrantStatus.VOID_IN_DOUBT,
        (GrantStatus.VOID_IN_DOUBT, GrantEvent.HOLD): GrantStatus.VOID_IN_DOUBT,
        (GrantStatus.VOID_IN_DOUBT, GrantEvent.RELEASE): GrantStatus.VOID_IN_DOUBT,
        (GrantStatus.VOID_IN_DOUBT, GrantEvent.VOID): GrantStatus.VOID_IN_DOUBT,
    },
)


_SETTLED: Final = frozenset({GrantStatus.GRANTED, GrantStatus.HELD, GrantStatus.VOID})
"""The states in which a grant waits for no payer."""
_IN_DOUBT: Final = frozenset({GrantStatus.UNCERTAIN, GrantStatus.HELD_IN_DOUBT, GrantStatus.VOID_IN_DOUBT})

PayState = tuple[GrantStatus, int, datetime | None]
"""The fields of a grant that payers change: its status, its attempts, and the moment until which it waits."""


@attrs.frozen(kw_only=True)
class Grant:
    """A grant of ``amount`` to ``account``, effective from the activation of the referee's contract (B1).

    ``referral`` is the contract's id; with ``side`` it is the identity of the grant. ``attempts`` counts how often a
    payer took the grant, to send it or to look it up. ``wait_until`` is the moment before which no payer takes it: at
    first the activation, while a payer holds it the end of the payer's lease, after a failure the next attempt.
    ``None`` means that no payer takes it any more: it is granted, held, void, or *stuck*. ``problem`` is a word for the
    last failure, which was at ``failed_at``.

    ``recorded_at`` is when the store learned that the grant is owed, and ``posted_at`` when it learned that billing has
    it; ``None`` stands for the activation, in grants of earlier versions. Both are left out of comparisons.
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
    recorded_at: datetime | None = attrs.field(default=None, eq=False)
    posted_at: datetime | None = attrs.field(default=None, eq=False)

    @wait_until.default
    def _until_effective(self) -> datetime | None:
        return None if self.is_settled else self.effective_from

    def __attrs_post_init__(self) -> None:
        if self.is_settled and self.wait_until is not None:
            raise ValueError(f"grant {self.key} waits for something although it is {self.status}")

    @property
    def key(self) -> str:
        """The idempotency key of the grant in billing, the same for every attempt (B2)."""
        return f"{self.side}/{self.referral}"

    @property
    def state(self) -> PayState:
        """The fields that payers change; an unchanged state proves that no other payer took the grant."""
        return self.status, self.attempts, self.wait_until

    @property
    def is_settled(self) -> bool:
        """Tell whether there is nothing for a payer to do: the grant is granted, or surely held or void."""
        return self.status in _SETTLED

    @property
    def is_in_doubt(self) -> bool:
        """Tell whether billing may know the grant: it is looked up there before anything else."""
        return self.status in _IN_DOUBT

    @property
    def is_stuck(self) -> bool:
        """Tell whether there is something to do for a payer, which is not tried again until staff retry it."""
        return self.wait_until is None and not self.is_settled

    def after(self, event: GrantEvent) -> Grant:
        """Return the grant after an event of its lifecycle; a settled grant has no wait and no problem."""
        status = GRANT_LIFECYCLE.after(self.status, event, self.key)
        if status not in _SETTLED:
            return attrs.evolve(self, status=status)
        return attrs.evolve(self, status=status, wait_until=None, problem=None, failed_at=None)

    def confirmed(self, at: datetime) -> Grant:
        """Return the grant that billing has, as was learned at ``at``; an earlier confirmation counts."""
        return attrs.evolve(self.after(GrantEvent.BE_FOUND), posted_at=self.posted_at or at)

    def known_at(self, moment: datetime) -> Grant | None:
        """Return the grant as it was known at a moment, as far as billing goes; ``None`` before it was owed (R3)."""
        if (self.recorded_at or self.effective_from) > moment:
            return None
        if self.status is not GrantStatus.GRANTED or (self.posted_at or self.effective_from) <= moment:
            return self
        return attrs.evolve(self, status=GrantStatus.DUE, wait_until=self.effective_from, posted_at=None)

    def taken(self, until: datetime) -> Grant:
        """Return the grant leased to a payer until ``until``; this counts as an attempt."""
        status = GRANT_LIFECYCLE.after(self.status, GrantEvent.SEND, self.key)
        return attrs.evolve(self, status=status, attempts=self.attempts + 1, wait_until=until)

    def released(self, at: datetime) -> Grant:
        """Return the grant that is held no longer: it is due from ``at`` on, with its full number of attempts (V1).

        A grant in doubt keeps its wait, since an attempt may still be under way.
        """
        status = GRANT_LIFECYCLE.after(self.status, GrantEvent.RELEASE, self.key)
        released = attrs.evolve(self, status=status)
        return released.retried(max(at, self.effective_from)) if released.is_stuck else released

    def stopped_as(self, event: GrantEvent) -> Grant:
        """Return the grant as staff would have it by ``HOLD``, ``RELEASE`` or ``VOID``, whatever they did before."""
        open_again = {
            GrantStatus.HELD: GrantStatus.DUE,
            GrantStatus.VOID: GrantStatus.DUE,
            GrantStatus.HELD_IN_DOUBT: GrantStatus.UNCERTAIN,
            GrantStatus.VOID_IN_DOUBT: GrantStatus.UNCERTAIN,
        }.get(self.status, self.status)
        if GRANT_LIFECYCLE.after(open_again, event, self.key) is self.status:
            return self
        wait_until = self.wait_until or self.effective_from
        return attrs.evolve(self, status=open_again, wait_until=wait_until).after(event)

    def failed(self, event: GrantEvent, problem: str, *, at: datetime, wait_until: datetime | None) -> Grant:
        """Return the grant after a failed attempt; without ``wait_until`` it is stuck.

        A stopped grant that billing does not have is settled: nothing more is tried.
        """
        after = self.after(event)
        if after.is_settled:
            return after
        return attrs.evolve(after, problem=problem, failed_at=at, wait_until=wait_until)

    def retried(self, at: datetime) -> Grant:
        """Return the grant due again from ``at`` on, with its full number of attempts.

        A grant in doubt stays in doubt: it is looked up in billing before it is sent.
        """
        return attrs.evolve(self, attempts=0, wait_until=at)
