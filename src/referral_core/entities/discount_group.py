"""Discount groups: a class of beneficiaries on one side, with its own amounts over time (D2-D8)."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from typing import Final

import attrs

from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason, Refusal
from referral_core.values.lifecycle import Lifecycle
from referral_core.values.moment import moment_text
from referral_core.values.money import Money
from referral_core.values.timeline import Timeline
from referral_core.values.word import Word


class Side(Word):
    """The two sides of a referral."""

    REFERRER = "referrer"
    REFEREE = "referee"


class GroupStatus(Word):
    """The status of a group: only an enabled group gives its amounts to new sign-ups."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class GroupEvent(Word):
    """The events in the lifecycle of a group."""

    ENABLE = "enable"
    DISABLE = "disable"


GROUP_LIFECYCLE: Final[Lifecycle[GroupStatus, GroupEvent]] = Lifecycle(
    "discount group",
    GroupStatus,
    GroupEvent,
    {
        (GroupStatus.ENABLED, GroupEvent.ENABLE): GroupStatus.ENABLED,
        (GroupStatus.ENABLED, GroupEvent.DISABLE): GroupStatus.DISABLED,
        (GroupStatus.DISABLED, GroupEvent.ENABLE): GroupStatus.ENABLED,
        (GroupStatus.DISABLED, GroupEvent.DISABLE): GroupStatus.DISABLED,
    },
)


@attrs.frozen
class Terms:
    """The terms of a group at a moment: its amount and the amount's period, ``None`` when none is in force (D8)."""

    group: str
    status: GroupStatus
    amount: Money | None
    period: EffectivePeriod | None


@attrs.frozen(kw_only=True)
class DiscountGroup:
    """A group of beneficiaries on one side, with its fixed amounts over time (D1-D3, D8).

    ``switches`` are the moments of disabling and enabling in order, each with the status from then on.
    """

    id: str
    side: Side
    name: str
    amounts: Timeline[Money] = Timeline()
    switches: tuple[tuple[datetime, GroupStatus], ...] = ()

    def status_at(self, at: datetime) -> GroupStatus:
        """Return the status at a moment; a group is enabled before its first switch."""
        place = bisect_right(self.switches, at, key=lambda switch: switch[0])
        return self.switches[place - 1][1] if place else GroupStatus.ENABLED

    def terms_at(self, at: datetime) -> Terms:
        """Return the terms at a moment: one amount for everybody in the group (D3)."""
        # Most groups were never switched: every check of a code is spared the bisection.
        status = self.status_at(at) if self.switches else GroupStatus.ENABLED
        span = self.amounts.at(at)
        if span is None:
            return Terms(self.id, status, None, None)
        return Terms(self.id, status, span.value, span.period)

    def renamed(self, name: str) -> DiscountGroup:
        """Return the group under another name; the caller checks that the name is free (D2)."""
        return attrs.evolve(self, name=name)

    def switched(self, event: GroupEvent, at: datetime) -> DiscountGroup:
        """Return the group enabled or disabled from ``at`` on (D8)."""
        status = GROUP_LIFECYCLE.after(self.status_at(at), event, self.id)
        kept = [switch for switch in self.switches if switch[0] != at]
        return attrs.evolve(self, switches=tuple(sorted([*kept, (at, status)], key=lambda switch: switch[0])))

    def with_amount(self, amount: Money, period: EffectivePeriod, now: datetime) -> DiscountGroup:
        """Return the group with an amount entered for ``period``.

        :raises Refusal: ``moment-past`` when the period starts before ``now`` (D5), ``period-overlap`` where the rule
            for later entries (D4) does not allow it, ``currency-mismatch`` beside amounts in another currency (M3).
        """
        if period.start < now:
            raise Refusal(
                Reason.MOMENT_PAST,
                message=f"{moment_text(period.start)} has already passed: enter it as a correction, with a reason",
                field="from",
            )
        self._check_currency(amount)
        return attrs.evolve(self, amounts=self.amounts.entering(period, amount))

    def with_correction(self, amount: Money, period: EffectivePeriod) -> DiscountGroup:
        """Return the group with ``amount`` in force for all of ``period``; other amounts there are displaced (D5)."""
        self._check_currency(amount)
        return attrs.evolve(self, amounts=self.amounts.displacing(period, amount))

    def _repr_html_(self) -> str:
        """Show the group's id, name, side and amounts over time in a notebook."""
        from referral_core.values.notebook import shown  # noqa: PLC0415 - only in notebooks

        named = self.id if self.name == self.id else f"{self.id} ({self.name})"
        return f"<div><b>{shown(named)}</b> · {self.side}</div>{self.amounts._repr_html_()}"

    def _check_currency(self, amount: Money) -> None:
        for span in self.amounts:
            if span.value.currency != amount.currency:
                raise Refusal(
                    Reason.CURRENCY_MISMATCH,
                    message=f"the amounts of group {self.id} are in {span.value.currency}, not {amount.currency}",
                    field="amount",
                )
