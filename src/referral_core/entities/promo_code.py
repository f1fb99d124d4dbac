"""Promo codes: an account's shareable word; pending, active, ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import attrs

from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Refusal
from referral_core.values.lifecycle import Lifecycle
from referral_core.values.reason import Reason
from referral_core.values.span import Span
from referral_core.values.timeline import Timeline
from referral_core.values.word import Word


class CodeStatus(Word):
    """Where a code stands at a moment (C11); derived, never stored."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


class CodeEvent(Word):
    """What can happen to a code."""

    START = "start"
    END = "end"
    SHARE = "be shared"
    USE = "be used"


CODE_LIFECYCLE: Final[Lifecycle[CodeStatus, CodeEvent]] = Lifecycle(
    "promo code",
    CodeStatus,
    CodeEvent,
    {
        (CodeStatus.PENDING, CodeEvent.START): CodeStatus.ACTIVE,
        (CodeStatus.PENDING, CodeEvent.END): CodeStatus.ENDED,
        (CodeStatus.PENDING, CodeEvent.SHARE): Reason.CODE_PENDING,
        (CodeStatus.PENDING, CodeEvent.USE): Reason.CODE_PENDING,
        (CodeStatus.ACTIVE, CodeEvent.START): CodeStatus.ACTIVE,
        (CodeStatus.ACTIVE, CodeEvent.END): CodeStatus.ENDED,
        (CodeStatus.ACTIVE, CodeEvent.SHARE): CodeStatus.ACTIVE,
        (CodeStatus.ACTIVE, CodeEvent.USE): CodeStatus.ACTIVE,
        (CodeStatus.ENDED, CodeEvent.START): Reason.CODE_ENDED,
        (CodeStatus.ENDED, CodeEvent.END): Reason.CODE_ENDED,
        (CodeStatus.ENDED, CodeEvent.SHARE): Reason.CODE_ENDED,
        (CodeStatus.ENDED, CodeEvent.USE): Reason.CODE_ENDED,
    },
)


class Issuing(Word):
    """How a code came to be (C11)."""

    AUTOMATIC = "automatic"
    BY_HAND = "by-hand"
    LAUNCH = "launch"


class Ending(Word):
    """Why a code ended, or will end (C11)."""

    CONTRACTS_ENDED = "contracts-ended"
    BY_HAND = "by-hand"
    REPLACED = "replaced"


@attrs.frozen(kw_only=True)
class PromoCode:
    """A code of an account.

    Held by the account from ``issued_at``; active from ``starts_at`` (``None`` while no contract has activated, C3)
    up to, and without, ``ends_at`` (``None`` while open-ended). ``ending`` and ``ending_reason`` say why it ended.
    """

    text: str
    account: str
    customer: str
    issued_at: datetime
    issued_by: str
    issuing: Issuing
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    ending: Ending | None = None
    ending_reason: str | None = None

    def status_at(self, at: datetime) -> CodeStatus:
        """Return the status at a moment; before its start, and before it was issued, a code is pending (C11, S10)."""
        if self.ends_at is not None and at >= self.ends_at:
            return CodeStatus.ENDED
        if self.starts_at is None or at < self.starts_at:
            return CodeStatus.PENDING
        return CodeStatus.ACTIVE

    @property
    def held(self) -> EffectivePeriod | None:
        """The period in which the account holds the code, pending or active; ``None`` if it ended as it was issued."""
        if self.ends_at is not None and self.ends_at <= self.issued_at:
            return None
        return EffectivePeriod(self.issued_at, self.ends_at)

    def permits(self, event: CodeEvent, at: datetime) -> None:
        """Refuse ``event`` at a moment if the lifecycle does: ``code-pending`` or ``code-ended``."""
        CODE_LIFECYCLE.after(self.status_at(at), event, self.text)

    def started(self, at: datetime) -> PromoCode:
        """Return the code active from ``at``, though never before it was issued; once active it stays so (C3)."""
        self.permits(CodeEvent.START, at)
        if self.status_at(at) is CodeStatus.ACTIVE:
            return self
        return attrs.evolve(self, starts_at=max(at, self.issued_at))

    def ended(self, at: datetime, why: Ending, reason: str | None = None) -> PromoCode:
        """Return the code with its end at ``at``, in place of an end that was planned and not yet reached (C4, C5)."""
        self.permits(CodeEvent.END, at)
        return attrs.evolve(self, ends_at=max(at, self.issued_at), ending=why, ending_reason=reason)

    def ended_by_hand(self, at: datetime, reason: str | None, now: datetime) -> PromoCode:
        """Return the code with an end planned by staff at ``at``, which must not lie before ``now`` (C5)."""
        self.permits(CodeEvent.END, now)
        if at < now:
            raise Refusal(Reason.MOMENT_PAST, message=f"{at.isoformat()} has already passed", field="ends_at")
        return attrs.evolve(self, ends_at=max(at, self.issued_at), ending=Ending.BY_HAND, ending_reason=reason)


def codes_over_time(codes: Iterable[PromoCode]) -> Timeline[PromoCode]:
    """Return an account's codes as a timeline; refuse with ``period-overlap`` if two are held at once (C6)."""
    return Timeline(Span(code.held, code) for code in codes if code.held is not None)
