"""States as JSON: what something was, kept for ever, and read again as what it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from referral_adapters.sql.rows import state_of
from referral_core.entities.discount_group import DiscountGroup, GroupStatus, Side
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.money import Money
from referral_core.values.timeline import Span, Timeline

State = Mapping[str, Any]
"""Names and values that JSON can hold."""

CODE_STATE: Final = ("starts_at", "ends_at", "ending")
"""What the history of a code keeps: what changes. The rest, persons among it, stands in the code's own row."""
CODE_PERSONAL: Final = ("ending_reason",)
"""What it keeps apart, because it can be erased: words about persons (A5)."""
NOT_OF_REFERRAL: Final = frozenset({"referrer_customer", "referee_customer", "notes", "fee_notes", "revision"})
"""What the history of a referral does not keep: persons, and what has moments of its own."""


def code_state(row: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object] | None]:
    """Return what the history of a code keeps of its row, and apart from that its words, if there are any."""
    words = {name: row[name] for name in CODE_PERSONAL if row[name] is not None}
    return state_of({name: row[name] for name in CODE_STATE}), words or None


def referral_state(row: Mapping[str, object]) -> dict[str, object]:
    """Return what the history of a referral keeps of its row."""
    return state_of({name: value for name, value in row.items() if name not in NOT_OF_REFERRAL})


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


def _moment(text: str | None) -> datetime | None:
    return None if text is None else _sure(text)


def _sure(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
