"""Spans: a value and the period it holds for."""

from __future__ import annotations

from typing import Generic, TypeVar

import attrs

from referral_core.values.effective_period import EffectivePeriod

V = TypeVar("V", covariant=True)  # noqa: PLC0105 - reads better than V_co in a signature


@attrs.frozen
class Span(Generic[V]):
    """A value and the period it holds for."""

    period: EffectivePeriod
    value: V
