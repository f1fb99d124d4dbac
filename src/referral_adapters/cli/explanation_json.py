"""Explanations, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from referral_core.services.explanation import Correction, Explanation, Figure, Override
from referral_core.values.moment import Calendar
from referral_core.values.money import Money


def explanation_json(explanation: Explanation, calendar: Calendar) -> dict[str, Any]:
    """Return an explanation in the words of a feed's summary: amounts as text, moments in the programme's zone."""
    referral, code = explanation.referral, explanation.code
    return {
        "contract": referral.contract,
        "code": referral.code,
        "referrer": referral.referrer,
        "referee": referral.referee,
        "status": referral.status.value,
        "channel": referral.channel,
        "concluded_at": _written(referral.concluded_at, calendar),
        "recorded_at": _written(explanation.recorded_at, calendar),
        "judged_at": _written(referral.judged_at, calendar),
        "judged_by": explanation.judged_by.value,
        "case": referral.case,
        "code_status": None if code.status is None else code.status.value,
        "code_recorded_at": None if code.record is None else _written(code.record.recorded_at, calendar),
        "figures": [_figure(figure, calendar) for figure in (explanation.referrer, explanation.referee)],
        "overrides": [_override(override, calendar) for override in explanation.overrides],
        "verified": explanation.is_verified,
        "mismatches": [{"part": each.part.value, "said": each.said} for each in explanation.mismatches],
    }


def _figure(figure: Figure, calendar: Calendar) -> dict[str, Any]:
    offer, version, line = figure.offer, figure.version, figure.line
    return {
        "side": figure.side.value,
        "amount": str(offer.amount.amount),
        "group": offer.group,
        "origin": figure.origin.value,
        "line": None if line is None else dict(zip(("channel", "segment", "product"), line.criteria, strict=True)),
        "from": _written(offer.period.start, calendar),
        "until": _written(offer.period.end, calendar),
        "locked_at": _written(figure.locked_at, calendar),
        "version": None if version is None else version.revision,
        "version_recorded_at": None if version is None else _written(version.recorded_at, calendar),
        "arrived_late": figure.is_late,
        "given_today": _plain(figure.given_today),
        "corrections": [_correction(correction, calendar) for correction in figure.corrections],
    }


def _correction(correction: Correction, calendar: Calendar) -> dict[str, Any]:
    return {
        "version": correction.version.revision,
        "recorded_at": _written(correction.version.recorded_at, calendar),
        "amount": _plain(correction.amount),
        "actor": correction.actor,
        "reason": correction.reason,
    }


def _override(override: Override, calendar: Calendar) -> dict[str, Any]:
    return {
        "deviation": override.deviation.value,
        "moment": _written(override.moment, calendar),
        "role": override.role.value,
        "actor": override.actor,
        "reason": override.reason,
        "group": override.group,
        "before": override.before,
    }


def _plain(money: Money | None) -> str | None:
    return None if money is None else str(money.amount)


def _written(at: datetime | None, calendar: Calendar) -> str | None:
    return None if at is None else calendar.local(at).isoformat()
