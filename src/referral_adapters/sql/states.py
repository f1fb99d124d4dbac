"""States as JSON: what something was, kept for ever, and read again as what it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from referral_core.entities.discount_group import DiscountGroup, GroupStatus, Side
from referral_core.entities.promo_code import Ending, PromoCode
from referral_core.entities.referral import Offer, Referral, ReferralStatus
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.moment import written
from referral_core.values.money import Money
from referral_core.values.span import Span
from referral_core.values.timeline import Timeline

State = Mapping[str, Any]
"""Names and values that JSON can hold."""

CODE_STATE: Final = ("starts_at", "ends_at", "ending")
"""What the history of a code keeps: what changes. The rest, persons among it, stands in the code's own row."""
CODE_PERSONAL: Final = ("ending_reason",)
"""What it keeps apart, because it can be erased: words about persons (A5)."""
NOT_OF_REFERRAL: Final = frozenset({"referrer_customer", "referee_customer", "notes", "fee_notes", "revision"})
"""What the history of a referral does not keep: persons, and what has moments of its own."""


def state_of(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row as names and values that JSON can hold: moments in UTC, amounts as text."""
    return {name: value if value is None or type(value) is str else _plain(value) for name, value in row.items()}


def code_state(row: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object] | None]:
    """Return what the history of a code keeps of its row, and apart from that its words, if there are any."""
    words = {name: row[name] for name in CODE_PERSONAL if row[name] is not None}
    return state_of({name: row[name] for name in CODE_STATE}), words or None


def code_in(present: PromoCode, state: State, personal: State | None) -> PromoCode:
    """Return the code that is ``present`` now as it was in a state."""
    return PromoCode(
        text=present.text,
        account=present.account,
        customer=present.customer,
        issued_at=present.issued_at,
        issued_by=present.issued_by,
        issuing=present.issuing,
        starts_at=_moment(state["starts_at"]),
        ends_at=_moment(state["ends_at"]),
        ending=None if state["ending"] is None else Ending(state["ending"]),
        ending_reason=(personal or {}).get("ending_reason"),
    )


def referral_state(row: Mapping[str, object]) -> dict[str, object]:
    """Return what the history of a referral keeps of its row."""
    return state_of({name: value for name, value in row.items() if name not in NOT_OF_REFERRAL})


def referral_in(referrer_customer: str, referee_customer: str, state: State) -> Referral:
    """Return the referral between two customers as it was in a state."""
    return Referral(
        contract=state["contract"],
        code=state["code"],
        referrer=state["referrer"],
        referrer_customer=referrer_customer,
        referee=state["referee"],
        referee_customer=referee_customer,
        concluded_at=_sure(state["concluded_at"]),
        channel=state["channel"],
        referrer_offer=_offer("referrer", state),
        referee_offer=_offer("referee", state),
        honoured_moment=_moment(state["honoured_moment"]),
        case=state["case_id"],
        status=ReferralStatus(state["status"]),
        granted_at=_moment(state["granted_at"]),
        cancelled_at=_moment(state["cancelled_at"]),
    )


def group_in(state: State) -> DiscountGroup:
    """Return a group as it was in a state."""
    return DiscountGroup(
        id=state["id"],
        side=Side(state["side"]),
        name=state["name"],
        amounts=_timeline(state["amounts"]),
        switches=tuple((_sure(each["at"]), GroupStatus(each["status"])) for each in state["switches"]),
    )


def _timeline(amounts: Iterable[State]) -> Timeline[Money]:
    return Timeline(
        Span(
            EffectivePeriod(_sure(each["starts_at"]), _moment(each["ends_at"])),
            Money(each["amount"], each["currency"]),
        )
        for each in amounts
    )


def _offer(side: str, state: State) -> Offer:
    period = EffectivePeriod(_sure(state[f"{side}_from"]), _moment(state[f"{side}_until"]))
    return Offer(state[f"{side}_group"], Money(state[f"{side}_amount"], state[f"{side}_currency"]), period)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else _sure(text)


def _sure(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return written(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return state_of(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
