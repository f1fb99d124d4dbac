"""Reversals: what is unspent of a grant on one account, on its way to being taken back in billing (B10, B11)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.values.lifecycle import Lifecycle
from referral_core.values.money import Money
from referral_core.values.name import joined_key
from referral_core.values.word import Word


class ReversalStatus(Word):
    """The status of a reversal; one that is waiting has a grant in doubt, which billing may know yet."""

    WAITING = "waiting"
    DUE = "due"
    SENDING = "sending"
    TAKEN_BACK = "taken-back"


class ReversalEvent(Word):
    """The events in the lifecycle of a reversal: its grant found in billing, an attempt, and the end of the attempt."""

    GRANT_BE_FOUND = "grant be found"
    SEND = "send"
    FAIL = "fail"
    BE_CONFIRMED = "be confirmed"


REVERSAL_LIFECYCLE: Final[Lifecycle[ReversalStatus, ReversalEvent]] = Lifecycle(
    "reversal",
    ReversalStatus,
    ReversalEvent,
    {
        (ReversalStatus.WAITING, ReversalEvent.GRANT_BE_FOUND): ReversalStatus.DUE,
        (ReversalStatus.WAITING, ReversalEvent.SEND): ReversalStatus.WAITING,
        (ReversalStatus.WAITING, ReversalEvent.FAIL): ReversalStatus.WAITING,
        # Nothing is to be taken back of a grant that billing surely does not have.
        (ReversalStatus.WAITING, ReversalEvent.BE_CONFIRMED): ReversalStatus.TAKEN_BACK,
        (ReversalStatus.DUE, ReversalEvent.GRANT_BE_FOUND): ReversalStatus.DUE,
        (ReversalStatus.DUE, ReversalEvent.SEND): ReversalStatus.SENDING,
        (ReversalStatus.DUE, ReversalEvent.FAIL): ReversalStatus.DUE,
        (ReversalStatus.DUE, ReversalEvent.BE_CONFIRMED): ReversalStatus.TAKEN_BACK,
        (ReversalStatus.SENDING, ReversalEvent.GRANT_BE_FOUND): ReversalStatus.SENDING,
        # Billing takes back once under a key, so an attempt without a known end is simply repeated.
        (ReversalStatus.SENDING, ReversalEvent.SEND): ReversalStatus.SENDING,
        (ReversalStatus.SENDING, ReversalEvent.FAIL): ReversalStatus.DUE,
        (ReversalStatus.SENDING, ReversalEvent.BE_CONFIRMED): ReversalStatus.TAKEN_BACK,
        # A confirmation is final: answers that arrive late change nothing.
        (ReversalStatus.TAKEN_BACK, ReversalEvent.GRANT_BE_FOUND): ReversalStatus.TAKEN_BACK,
        (ReversalStatus.TAKEN_BACK, ReversalEvent.SEND): ReversalStatus.TAKEN_BACK,
        (ReversalStatus.TAKEN_BACK, ReversalEvent.FAIL): ReversalStatus.TAKEN_BACK,
        (ReversalStatus.TAKEN_BACK, ReversalEvent.BE_CONFIRMED): ReversalStatus.TAKEN_BACK,
    },
)


def reversal_key(grant: str, account: str) -> str:
    """Return the key of the reversal of a grant on an account (B11)."""
    return joined_key("take-back", grant, account)


@attrs.frozen(kw_only=True)
class Reversal:
    """The reversal of one grant on one account: what is unspent of it there is taken back, once (B11).

    ``referral`` and ``side`` name the grant, ``account`` the account on which it lies; it may have been moved there.
    ``recorded_at`` is the moment of the act that the reversal follows from. ``amount`` is what billing took back,
    ``None`` until then. ``attempts``, ``wait_until``, ``problem`` and ``failed_at`` are as those of a grant.
    """

    referral: str
    side: Side
    account: str
    recorded_at: datetime
    status: ReversalStatus = ReversalStatus.DUE
    attempts: int = 0
    wait_until: datetime | None = None
    problem: str | None = None
    failed_at: datetime | None = None
    amount: Money | None = None

    def __attrs_post_init__(self) -> None:
        if self.is_settled and (self.wait_until is not None or self.amount is None):
            raise ValueError(f"reversal {self.key} is {self.status} and has no amount, or waits for something")

    @classmethod
    def of(cls, grant: Grant, at: datetime, account: str | None = None) -> Reversal:
        """Return the reversal of a grant that is granted or in doubt, on its own account or the one it was moved to."""
        is_granted = grant.status is GrantStatus.GRANTED
        return cls(
            referral=grant.referral,
            side=grant.side,
            account=account or grant.account,
            recorded_at=at,
            status=ReversalStatus.DUE if is_granted else ReversalStatus.WAITING,
            wait_until=at if is_granted else None,
        )

    def on(self, account: str, at: datetime) -> Reversal:
        """Return a new reversal of the same grant on another account, due at ``at``."""
        return Reversal(
            referral=self.referral, side=self.side, account=account, recorded_at=self.recorded_at, wait_until=at
        )

    @property
    def grant(self) -> str:
        """The key of the grant."""
        return f"{self.side}/{self.referral}"

    @property
    def key(self) -> str:
        """The idempotency key of the reversal in billing, the same for every attempt (B11)."""
        return reversal_key(self.grant, self.account)

    @property
    def state(self) -> tuple[ReversalStatus, int, datetime | None]:
        """The fields that payers change; an unchanged state proves that no other payer took the reversal."""
        return self.status, self.attempts, self.wait_until

    @property
    def is_settled(self) -> bool:
        """Tell whether billing has taken back what was unspent, which may have been nothing."""
        return self.status is ReversalStatus.TAKEN_BACK

    @property
    def is_stuck(self) -> bool:
        """Tell whether the reversal is not tried again until staff retry it."""
        return self.wait_until is None and self.status in {ReversalStatus.DUE, ReversalStatus.SENDING}

    def taken(self, until: datetime) -> Reversal:
        """Return the reversal leased to a payer until ``until``; this counts as an attempt."""
        return attrs.evolve(self, status=self._after(ReversalEvent.SEND), attempts=self.attempts + 1, wait_until=until)

    def failed(self, problem: str, *, at: datetime, wait_until: datetime | None) -> Reversal:
        """Return the reversal after a failed attempt; without ``wait_until`` it is stuck."""
        status = self._after(ReversalEvent.FAIL)
        return attrs.evolve(self, status=status, problem=problem, failed_at=at, wait_until=wait_until)

    def retried(self, at: datetime) -> Reversal:
        """Return the reversal due again from ``at`` on, with its full number of attempts."""
        return attrs.evolve(self, attempts=0, wait_until=at)

    def confirmed(self, amount: Money) -> Reversal:
        """Return the reversal after billing's answer; the first answer counts."""
        status = self._after(ReversalEvent.BE_CONFIRMED)
        first = amount if self.amount is None else self.amount
        return attrs.evolve(self, status=status, amount=first, wait_until=None, problem=None, failed_at=None)

    def after(self, grant: Grant) -> Reversal:
        """Return the reversal after its grant is no longer in doubt: due, or done where there is nothing to take."""
        if grant.status is not GrantStatus.GRANTED:
            return self.confirmed(Money.zero(grant.amount.currency))
        status = self._after(ReversalEvent.GRANT_BE_FOUND)
        return attrs.evolve(self, status=status, wait_until=self.wait_until or self.recorded_at)

    def _after(self, event: ReversalEvent) -> ReversalStatus:
        return REVERSAL_LIFECYCLE.after(self.status, event, self.key)
