"""Discount groups and their amounts (D2-D5, D8)."""

from __future__ import annotations

from datetime import date, datetime

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.discount_group import DiscountGroup, GroupEvent, Side
from referral_core.services.context import BoundService
from referral_core.services.refusals import unknown_group
from referral_core.values.arguments import Amount, Ends, Flag, GroupId, Name, ReasonText, Starts
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason, Refusal
from referral_core.values.moment import moment_text
from referral_core.values.money import Money, check_currency
from referral_core.values.timeline import Span, Timeline


@attrs.frozen
class AmountPreview:
    """A group's amounts before and after a new amount (D3-D5).

    ``displaced`` are the amounts that the new one would displace, each with its part of the new amount's period.
    """

    before: Timeline[Money]
    after: Timeline[Money]
    displaced: tuple[Span[Money], ...]


class Groups(BoundService):
    """The acts on discount groups; each is traced on the group's own chain (A2)."""

    @act("group.add", least=Role.ADMINISTRATOR, feed=True)
    def add(self, group: GroupId, *, side: Side, name: Name | None = None) -> DiscountGroup:
        """Add a group to a side; the name defaults to the id (D2).

        :raises Refusal: ``not-allowed``, ``group-exists``.
        """
        if self._ports.groups.find(group) is not None:
            raise Refusal(Reason.GROUP_EXISTS, message=f"there is a group {group}", field="group")
        return self._context.save(DiscountGroup(id=group, side=side, name=name or group), act="group.add")

    @act("group.rename", least=Role.ADMINISTRATOR, feed=True)
    def rename(self, group: GroupId, *, name: Name) -> DiscountGroup:
        """Give a group another name, which no other group has (D2).

        :raises Refusal: ``not-allowed``, ``group-unknown``, ``group-exists``.
        """
        found = self._found(group)
        return self._context.save(found.renamed(name), found, act="group.rename")

    @act("group.disable", least=Role.ADMINISTRATOR, feed=True)
    def disable(self, group: GroupId) -> DiscountGroup:
        """Disable a group: it gives nothing to sign-ups judged from now on; locked amounts stay (D8).

        :raises Refusal: ``not-allowed``, ``group-unknown``.
        """
        found = self._found(group)
        return self._context.save(found.switched(GroupEvent.DISABLE, self._now), found, act="group.disable")

    @act("group.enable", least=Role.ADMINISTRATOR, feed=True)
    def enable(self, group: GroupId) -> DiscountGroup:
        """Enable a disabled group: it gives its amounts again to sign-ups judged from now on (D2).

        :raises Refusal: ``not-allowed``, ``group-unknown``.
        """
        found = self._found(group)
        return self._context.save(found.switched(GroupEvent.ENABLE, self._now), found, act="group.enable")

    @act(
        "amount.set",
        least=Role.ADMINISTRATOR,
        feed=True,
        manual=("correction",),
        wire={"starts": "from", "ends": "until"},
    )
    def set_amount(
        self,
        group: GroupId,
        amount: Amount,
        *,
        starts: Starts | None = None,
        ends: Ends | None = None,
        correction: Flag = False,
        reason: ReasonText | None = None,
    ) -> DiscountGroup:
        """Enter a group's amount from ``starts`` (by default now) up to, and without, ``ends`` (D3-D5).

        A first day means its local midnight, a last day the midnight after it (M1, M2). A ``correction``, with a
        reason, may start in the past and displaces the amounts that it overlaps. Amounts locked in referrals never
        change.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``group-unknown``, ``moment-past``, ``period-empty``,
            ``period-overlap``, ``currency-mismatch``.
        """
        found = self._found(group)
        changed = self._changed(found, amount, self._period(amount, starts, ends), correction=correction)
        return self._context.save(changed, found, act="amount.set", reason=reason)

    @act("amount.preview", least=Role.ADMINISTRATOR, reads=True, wire={"starts": "from", "ends": "until"})
    def preview(
        self,
        group: GroupId,
        amount: Amount,
        *,
        starts: Starts | None = None,
        ends: Ends | None = None,
        correction: Flag = False,
    ) -> AmountPreview:
        """Return a group's amounts before and after :meth:`set_amount`, and change nothing (D3-D5).

        No reason is needed, since nothing is changed.

        :raises Refusal: as :meth:`set_amount`: ``not-allowed``, ``group-unknown``, ``moment-past``, ``period-empty``,
            ``period-overlap``, ``currency-mismatch``.
        """
        found, period = self._found(group), self._period(amount, starts, ends)
        changed = self._changed(found, amount, period, correction=correction)
        return AmountPreview(found.amounts, changed.amounts, found.amounts.within(period))

    @act("group.list", least=Role.AGENT, reads=True, channels=True)
    def all(self) -> tuple[DiscountGroup, ...]:
        """Return every group with its amounts over time, in the order in which they were added (D2, D3).

        :raises Refusal: ``not-allowed``.
        """
        return self._ports.groups.all()

    @act("group.show", least=Role.AGENT, reads=True, channels=True)
    def find(self, group: GroupId) -> DiscountGroup:
        """Return a group with its amounts over time (D2, D3).

        :raises Refusal: ``not-allowed``, ``group-unknown``.
        """
        return self._found(group)

    def _changed(
        self, group: DiscountGroup, amount: Money, period: EffectivePeriod, *, correction: bool
    ) -> DiscountGroup:
        return group.with_correction(amount, period) if correction else group.with_amount(amount, period, self._now)

    def _period(self, amount: Money, starts: date | datetime | None, ends: date | datetime | None) -> EffectivePeriod:
        """Return the period of an amount; refuse another currency than the programme's, and an empty period."""
        calendar = self._programme.calendar
        first, last = starts or self._now, ends
        starts_at = first if isinstance(first, datetime) else calendar.start_of(first, "from")
        ends_at = last if last is None or isinstance(last, datetime) else calendar.end_of(last, "until")
        check_currency(amount, self._programme.currency)
        if ends_at is not None and ends_at <= starts_at:
            raise Refusal(
                Reason.PERIOD_EMPTY,
                message=f"the period from {moment_text(starts_at)} until {moment_text(ends_at)} holds no moment",
                field="until",
            )
        return EffectivePeriod(starts_at, ends_at)

    def _found(self, group: str) -> DiscountGroup:
        found = self._ports.groups.find(group)
        if found is None:
            raise unknown_group(self._programme, group)
        return found
