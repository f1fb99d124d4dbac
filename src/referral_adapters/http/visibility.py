"""The visibility of fields: what callers of each role see of an answer, at every endpoint (S6, A6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import attrs

from referral_core.entities.actor import Role
from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Offer
from referral_core.rules.decision import Decision
from referral_core.values.code_text import fold
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason

VISIBLE_FROM: Final[Mapping[type, Mapping[str, tuple[Role, object]]]] = {
    Contract: {
        "warned_code": (Role.AGENT, None),
        "warnings": (Role.AGENT, ()),
        "concluded_recorded_at": (Role.AGENT, None),
        "activated_recorded_at": (Role.AGENT, None),
        "ended_recorded_at": (Role.AGENT, None),
        "annulled_recorded_at": (Role.AGENT, None),
    },
    PromoCode: {
        "issued_by": (Role.AGENT, ""),
        "ending_reason": (Role.AGENT, None),
        "ended_by_hand_at": (Role.AGENT, None),
    },
    Offer: {"group": (Role.AGENT, "")},
    Decision: {"missing_groups": (Role.AGENT, ())},
}
"""The least role that sees a field, by class and field, and the value that others see instead."""


_RANK: Final = {role: rank for rank, role in enumerate(Role)}


def _reaches(role: Role, least: Role) -> bool:
    return _RANK[role] >= _RANK[least]


def visible_to(role: Role, value: Any) -> Any:  # noqa: ANN401 - any answer
    """Return an answer without the fields that the role may not see."""
    if _reaches(role, Role.AGENT):
        return value  # no role from here on is kept from anything, and looking at every field takes time
    return _emptied(role, value)


def _emptied(role: Role, value: Any) -> Any:  # noqa: ANN401 - any answer
    if isinstance(value, tuple):
        return tuple([_emptied(role, each) for each in value])
    if isinstance(value, Decision):
        value = _neutral(value)
    if not attrs.has(type(value)):
        return value
    hidden = VISIBLE_FROM.get(type(value), {})
    changed = {}
    for field in attrs.fields(type(value)):
        if field.init:
            was = getattr(value, field.name)
            least, instead = hidden.get(field.name, (role, None))
            now = _emptied(role, was) if _reaches(role, least) else instead
            if now is not was:
                changed[field.alias] = now
    return attrs.evolve(value, **changed) if changed else value


def _neutral(decision: Decision) -> Decision:
    """Return the same decision about every unusable code, as if it did not exist (S6, A4).

    The decision about a usable code keeps the new customer's amount at the moment of judging, and loses the period of
    that amount and the referrer's side.
    """
    if decision.referee is None:
        # Folded, as a decision has a known code in its own spelling and an unknown one in the caller's.
        return attrs.evolve(decision, code=fold(decision.code), reasons=(Reason.CODE_UNKNOWN,), referrer=None)
    at = decision.judged_at
    now = EffectivePeriod(at, at + datetime.resolution)
    return attrs.evolve(decision, referrer=None, referee=attrs.evolve(decision.referee, period=now))
