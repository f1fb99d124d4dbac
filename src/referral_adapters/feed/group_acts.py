"""The acts on discount groups, as a feed's lines ask for them."""

from __future__ import annotations

from datetime import datetime

from referral_adapters.feed.errors import LineInvalid
from referral_adapters.feed.fields import Fields
from referral_adapters.feed.result import Done
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Actor
from referral_core.entities.discount_group import Side


def add(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``group.add``."""
    group, side, name = fields.name("group"), _side(fields.name("side")), fields.optional_name("name")
    fields.close()
    desk.groups.add(group, side=side, at=at, actor=actor, name=name)
    return Done(f"Group {group} is added to the {side} side.")


def rename(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``group.rename``."""
    group, name = fields.name("group"), fields.name("name")
    fields.close()
    desk.groups.rename(group, name=name, at=at, actor=actor)
    return Done(f"Group {group} is called {name}.")


def disable(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``group.disable``."""
    group = fields.name("group")
    fields.close()
    desk.groups.disable(group, at=at, actor=actor)
    return Done(f"Group {group} is disabled.")


def enable(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``group.enable``."""
    group = fields.name("group")
    fields.close()
    desk.groups.enable(group, at=at, actor=actor)
    return Done(f"Group {group} is enabled.")


def set_amount(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``amount.set``: a day means local midnight, and as a last day the midnight after it (M1, M2)."""
    calendar = desk.programme.calendar
    group, amount = fields.name("group"), fields.amount("amount", desk.programme.currency)
    first, last = fields.optional_day_or_moment("from"), fields.optional_day_or_moment("until")
    correction, reason = fields.flag("correction"), fields.optional_text("reason")
    fields.close()
    if first is not None and not isinstance(first, datetime):
        first = calendar.start_of(first, "data.from")
    if last is not None and not isinstance(last, datetime):
        last = calendar.end_of(last, "data.until")
    desk.groups.set_amount(
        group,
        amount,
        at=at,
        actor=actor,
        starts_at=first,
        ends_at=last,
        correction=correction,
        reason=reason,
    )
    return Done(f"Group {group} gives {amount}.")


def _side(side: str) -> Side:
    try:
        return Side(side)
    except ValueError:
        raise LineInvalid("data.side", f"{side[:40]!r} is neither referrer nor referee") from None
