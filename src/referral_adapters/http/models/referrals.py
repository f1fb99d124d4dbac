"""Answers about referrals: their grants, their fee notes, and the explanation of their amounts."""

from __future__ import annotations

from pydantic import Field

from referral_adapters.http.models.answer import Answer, local, plain
from referral_core.entities.grant import Grant
from referral_core.entities.referral import Referral
from referral_core.entities.reversal import Reversal
from referral_core.services.explanation import Correction, Explanation, Figure, Override
from referral_core.values.moment import Calendar


class GrantAnswer(Answer):
    """A grant: one side's discount on its way to billing."""

    grant: str = Field(examples=["referee/K-2"])
    account: str
    amount: str
    status: str = Field(examples=["granted"])
    effective_from: str | None
    stuck: bool

    @classmethod
    def of(cls, grant: Grant, calendar: Calendar) -> GrantAnswer:
        """Return the answer about a grant."""
        return cls(
            grant=grant.key,
            account=grant.account,
            amount=str(grant.amount.amount),
            status=grant.status.value,
            effective_from=local(grant.effective_from, calendar),
            stuck=grant.is_stuck,
        )


class ReversalAnswer(Answer):
    """A reversal: what is unspent of one grant on one account, on its way to being taken back in billing."""

    reversal: str = Field(examples=["take-back referee/K-2 B"])
    grant: str = Field(examples=["referee/K-2"])
    account: str
    amount: str | None = Field(description="What billing took back.")
    status: str = Field(examples=["taken-back"])
    problem: str | None
    stuck: bool

    @classmethod
    def of(cls, reversal: Reversal) -> ReversalAnswer:
        """Return the answer about a reversal."""
        return cls(
            reversal=reversal.key,
            grant=reversal.grant,
            account=reversal.account,
            amount=plain(reversal.amount),
            status=reversal.status.value,
            problem=reversal.problem,
            stuck=reversal.is_stuck,
        )


class FeeNoteAnswer(Answer):
    """A note of an amount that is to be paid back."""

    amount: str
    reason: str | None
    noted_at: str | None
    noted_by: str


class ReferralAnswer(Answer):
    """A referral, in the words of a feed's summary."""

    contract: str
    code: str
    referrer: str
    referee: str
    status: str = Field(examples=["recorded"])
    concluded_at: str | None
    honoured_moment: str | None
    case: str | None
    channel: str
    referrer_group: str
    referee_group: str
    referrer_amount: str
    referee_amount: str
    void_sides: list[str]
    fee_notes: list[FeeNoteAnswer]

    @classmethod
    def of(cls, referral: Referral, calendar: Calendar) -> ReferralAnswer:
        """Return the answer about a referral."""
        return cls(
            contract=referral.contract,
            code=referral.code,
            referrer=referral.referrer,
            referee=referral.referee,
            status=referral.status.value,
            concluded_at=local(referral.concluded_at, calendar),
            honoured_moment=local(referral.honoured_moment, calendar),
            case=referral.case,
            channel=referral.channel,
            referrer_group=referral.referrer_offer.group,
            referee_group=referral.referee_offer.group,
            referrer_amount=str(referral.referrer_offer.amount.amount),
            referee_amount=str(referral.referee_offer.amount.amount),
            void_sides=[side.value for side in referral.void_sides],
            fee_notes=[
                FeeNoteAnswer(
                    amount=str(note.amount.amount),
                    reason=note.reason,
                    noted_at=local(note.noted_at, calendar),
                    noted_by=note.noted_by,
                )
                for note in referral.fee_notes
            ],
        )


class CorrectionAnswer(Answer):
    """A later version of the group, with another amount for the moment in question."""

    version: int
    recorded_at: str | None
    amount: str | None
    actor: str | None
    reason: str | None

    @classmethod
    def of(cls, correction: Correction, calendar: Calendar) -> CorrectionAnswer:
        """Return the answer about a correction."""
        return cls(
            version=correction.version.revision,
            recorded_at=local(correction.version.recorded_at, calendar),
            amount=plain(correction.amount),
            actor=correction.actor,
            reason=correction.reason,
        )


class FigureAnswer(Answer):
    """One side's locked amount and its origin: the group, its period, its version."""

    side: str
    amount: str
    group: str
    origin: str
    start: str | None
    end: str | None
    locked_at: str | None
    version: int | None
    version_recorded_at: str | None
    arrived_late: bool
    given_today: str | None
    corrections: list[CorrectionAnswer]

    @classmethod
    def of(cls, figure: Figure, calendar: Calendar) -> FigureAnswer:
        """Return the answer about a figure."""
        offer, version = figure.offer, figure.version
        return cls(
            side=figure.side.value,
            amount=str(offer.amount.amount),
            group=offer.group,
            origin=figure.origin.value,
            start=local(offer.period.start, calendar),
            end=local(offer.period.end, calendar),
            locked_at=local(figure.locked_at, calendar),
            version=None if version is None else version.revision,
            version_recorded_at=None if version is None else local(version.recorded_at, calendar),
            arrived_late=figure.is_late,
            given_today=plain(figure.given_today),
            corrections=[CorrectionAnswer.of(each, calendar) for each in figure.corrections],
        )


class OverrideAnswer(Answer):
    """A decision of staff that differs from what the rules by themselves would give."""

    deviation: str
    moment: str | None
    role: str
    actor: str | None
    reason: str | None
    group: str | None
    before: str | None

    @classmethod
    def of(cls, override: Override, calendar: Calendar) -> OverrideAnswer:
        """Return the answer about an override."""
        return cls(
            deviation=override.deviation.value,
            moment=local(override.moment, calendar),
            role=override.role.value,
            actor=override.actor,
            reason=override.reason,
            group=override.group,
            before=override.before,
        )


class MismatchAnswer(Answer):
    """A part of a referral that differs from its history."""

    part: str
    said: str


class LearnedLaterAnswer(Answer):
    """A fact of an earlier moment that was recorded only after the referral."""

    recorded_at: str | None
    said: str


class ExplanationAnswer(Answer):
    """The explanation of a referral's two amounts, rebuilt from history and verified."""

    contract: str
    code: str
    status: str
    concluded_at: str | None
    recorded_at: str | None
    judged_at: str | None
    judged_by: str
    code_status: str | None
    figures: list[FigureAnswer]
    overrides: list[OverrideAnswer]
    verified: bool
    mismatches: list[MismatchAnswer]
    learned_later: list[LearnedLaterAnswer]

    @classmethod
    def of(cls, explanation: Explanation, calendar: Calendar) -> ExplanationAnswer:
        """Return the answer about an explanation."""
        referral, code = explanation.referral, explanation.code
        return cls(
            contract=referral.contract,
            code=referral.code,
            status=referral.status.value,
            concluded_at=local(referral.concluded_at, calendar),
            recorded_at=local(explanation.recorded_at, calendar),
            judged_at=local(referral.judged_at, calendar),
            judged_by=explanation.judged_by.value,
            code_status=None if code.status is None else code.status.value,
            figures=[FigureAnswer.of(figure, calendar) for figure in (explanation.referrer, explanation.referee)],
            overrides=[OverrideAnswer.of(override, calendar) for override in explanation.overrides],
            verified=explanation.is_verified,
            mismatches=[MismatchAnswer(part=each.part.value, said=each.said) for each in explanation.mismatches],
            learned_later=[
                LearnedLaterAnswer(recorded_at=local(each.recorded_at, calendar), said=each.said)
                for each in explanation.learned_later
            ],
        )
