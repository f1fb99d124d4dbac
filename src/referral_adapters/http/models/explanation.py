"""Explanations of a referral's amounts, as an answer."""

from __future__ import annotations

from referral_adapters.http.models.answer import Answer, local, plain
from referral_core.services.explanation import Correction, Explanation, Figure, Override
from referral_core.values.moment import Calendar


class CorrectionAnswer(Answer):
    """A later version of the group that gives another amount for the moment in question."""

    version: int
    recorded_at: str | None
    amount: str | None
    actor: str | None
    reason: str | None

    @classmethod
    def of(cls, correction: Correction, calendar: Calendar) -> CorrectionAnswer:
        """Return what is said of a correction."""
        return cls(
            version=correction.version.revision,
            recorded_at=local(correction.version.recorded_at, calendar),
            amount=plain(correction.amount),
            actor=correction.actor,
            reason=correction.reason,
        )


class FigureAnswer(Answer):
    """One side's locked amount, and where it came from: the group, its amount period, its version."""

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
        """Return what is said of a figure."""
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
    """In what staff had it otherwise than the rules by themselves would."""

    deviation: str
    moment: str | None
    role: str
    actor: str | None
    reason: str | None
    group: str | None
    before: str | None

    @classmethod
    def of(cls, override: Override, calendar: Calendar) -> OverrideAnswer:
        """Return what is said of an override."""
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
    """A part of a referral that is not what history says."""

    part: str
    said: str


class ExplanationAnswer(Answer):
    """Why a referral's two amounts are what they are, rebuilt from history and verified."""

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

    @classmethod
    def of(cls, explanation: Explanation, calendar: Calendar) -> ExplanationAnswer:
        """Return what is said of an explanation."""
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
        )
