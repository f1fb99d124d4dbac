"""What a line came to."""

from __future__ import annotations

import enum
from typing import Any

import attrs

from referral_core.rules.decision import Decision
from referral_core.values.errors import Reason


class Outcome(enum.StrEnum):
    """What became of a line."""

    DONE = "done"
    WARNED = "warned"
    REPEATED = "repeated"
    REFUSED = "refused"
    INVALID = "invalid"

    @property
    def took_effect(self) -> bool:
        """Tell whether the line's effect, and its id, are there to stay."""
        return self is Outcome.DONE or self is Outcome.WARNED


@attrs.frozen
class Done:
    """What an act that took effect has to say: a sentence, warnings, the code it judged and the one it issued."""

    message: str
    warnings: tuple[Reason, ...] = ()
    decision: Decision | None = None
    issued: str | None = None


def verdict(decision: Decision) -> dict[str, Any]:
    """Return what a result says of a judged code."""
    if decision.referrer is None or decision.referee is None:
        return {"usable": False}
    return {
        "usable": True,
        "referee_amount": str(decision.referee.amount.amount),
        "referrer_amount": str(decision.referrer.amount.amount),
        "referee_group": decision.referee.group,
        "referrer_group": decision.referrer.group,
    }
