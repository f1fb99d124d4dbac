"""Promo codes: an account's shareable word; pending, active, ended; and shared (C11, T2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import attrs

from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason, Refusal
from referral_core.values.lifecycle import Lifecycle
from referral_core.values.moment import moment_text
from referral_core.values.timeline import Span, Timeline
from referral_core.values.word import Word


class CodeStatus(Word):
    """The status of a code at a moment (C11); derived, never stored."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


class CodeEvent(Word):
    """The events in the lifecycle of a code."""

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
    """The ways in which a code is issued (C11)."""

    AUTOMATIC = "automatic"
    BY_HAND = "by-hand"
    LAUNCH = "launch"


class Ending(Word):
    """The reasons for the end of a code (C11)."""

    CONTRACTS_ENDED = "contracts-ended"
    BY_HAND = "by-hand"
    REPLACED = "replaced"


@attrs.frozen(kw_only=True)
class PromoCode:
    """A promo code of an account.

    The account holds the code from ``issued_at`` on. It is active from ``starts_at`` (``None`` while no contract has
    activated, C3) up to, and without, ``ends_at`` (``None`` while open-ended). ``ending`` is the kind of its end.
    ``ended_by_hand_at`` is the end that staff set, if they did, even where the contracts ended the code before it, and
    ``ending_reason`` the reason that staff gave for it or for a replacement.
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
    ended_by_hand_at: datetime | None = None

    def status_at(self, at: datetime) -> CodeStatus:
        """Return the status at a moment; a code is pending before its start, and before it was issued (C11, S10)."""
        if self.ends_at is not None and at >= self.ends_at:
            return CodeStatus.ENDED
        if self.starts_at is None or at < self.starts_at:
            return CodeStatus.PENDING
        return CodeStatus.ACTIVE

    @property
    def held(self) -> EffectivePeriod | None:
        """The period in which the account holds the code, pending or active; ``None`` if it ended when issued."""
        if self.ends_at is not None and self.ends_at <= self.issued_at:
            return None
        return EffectivePeriod(self.issued_at, self.ends_at)

    def was_ended_by_hand(self, at: datetime) -> bool:
        """Tell whether an end that staff set was reached at a moment (C7)."""
        return self.ended_by_hand_at is not None and self.ended_by_hand_at <= at

    def permits(self, event: CodeEvent, at: datetime) -> None:
        """Refuse ``event`` at a moment if the lifecycle does: ``code-pending`` or ``code-ended``."""
        CODE_LIFECYCLE.after(self.status_at(at), event, self.text)

    def started(self, at: datetime) -> PromoCode:
        """Return the code active from ``at``, but not before it was issued; an active code stays unchanged (C3)."""
        self.permits(CodeEvent.START, at)
        if self.status_at(at) is CodeStatus.ACTIVE:
            return self
        # A late report may lie before the issuing: the code is never active before the account holds it.
        return attrs.evolve(self, starts_at=max(at, self.issued_at))

    def ended(self, at: datetime, why: Ending, reason: str | None = None) -> PromoCode:
        """Return the code with its end at ``at``, which replaces a planned end that is not reached yet (C4, C5)."""
        self.permits(CodeEvent.END, at)
        return self._ended(max(at, self.issued_at), why, reason)

    def ended_by_hand(self, at: datetime, reason: str | None, now: datetime) -> PromoCode:
        """Return the code with an end planned by staff at ``at``, which must not lie before ``now`` (C5)."""
        self.permits(CodeEvent.END, now)
        if at < now:
            raise Refusal(Reason.MOMENT_PAST, message=f"{moment_text(at)} has already passed", field="ends_at")
        return self._ended(max(at, self.issued_at), Ending.BY_HAND, reason)

    def _ended(self, ends_at: datetime, why: Ending, reason: str | None) -> PromoCode:
        by_hand = ends_at if why is Ending.BY_HAND else self.ended_by_hand_at
        return attrs.evolve(self, ends_at=ends_at, ending=why, ending_reason=reason, ended_by_hand_at=by_hand)


def codes_over_time(codes: Iterable[PromoCode]) -> Timeline[PromoCode]:
    """Return an account's codes as a timeline; refuse with ``period-overlap`` if two are held at once (C6)."""
    return Timeline(Span(code.held, code) for code in codes if code.held is not None)


@attrs.frozen(kw_only=True)
class Sharing:
    """One sharing of an active code (T2); ``means`` is an open set: link, e-mail, SMS, an app's name."""

    code: str
    account: str
    means: str
    at: datetime
