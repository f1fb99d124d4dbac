"""An amount as somebody typed it: how much, from when, until when, and whether it corrects the past (D3-D5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import attrs

from referral_core import Actor, Calendar, Money
from referral_core.rules.permissions import required_reason


class Unreadable(Exception):
    """What stands in a field of the form cannot be read; ``field`` is its name."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@attrs.frozen(kw_only=True)
class AmountEntry:
    """What is to be entered; without ``starts_at`` it holds from the moment at which it is saved."""

    group: str
    amount: Money
    starts_at: datetime | None
    ends_at: datetime | None
    correction: bool
    reason: str | None

    @classmethod
    def read(cls, fields: Mapping[str, str], calendar: Calendar, currency: str, actor: Actor) -> AmountEntry:
        """Return what was typed. Cents may stand behind a comma; the last day is still in the period (M2).

        :raises Unreadable: a day is none.
        :raises Refusal: ``amount-invalid``, ``moment-invalid``; ``reason-missing`` for a correction without one.
        """
        first, last = _day(fields, "from"), _day(fields, "until")
        correction = "correction" in fields
        reason = fields.get("reason", "")
        return cls(
            group=fields.get("group", ""),
            amount=Money(fields.get("amount", "").replace(",", "."), currency),
            starts_at=None if first is None else calendar.start_of(first, "from"),
            ends_at=None if last is None else calendar.end_of(last, "until"),
            correction=correction,
            reason=required_reason(actor, "amount.set", reason) if correction else reason or None,
        )


def _day(fields: Mapping[str, str], name: str) -> date | None:
    text = fields.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Unreadable(name) from None
