"""Discount groups and their amounts (D2-D5, D8)."""

from __future__ import annotations

from datetime import date, datetime

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.discount_group import DiscountGroup, GroupEvent, Side
from referral_core.services.amount_preview import AmountPreview
from referral_core.services.context import BoundService
from referral_core.values.arguments import Amount, Ends, Flag, GroupId, Name, ReasonText, Starts
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Refusal
from referral_core.values.moment import written
from referral_core.values.money import Money, check_currency
from referral_core.values.reason import Reason


class Groups(BoundService):
    """The administrators' acts on discount groups; each is traced on the group's own chain (A2)."""

    @act("group.add", least=Role.ADMINISTRATOR, feed=True)
    def add(self, group: GroupId, *, side: Side, name: Name | None = None) -> DiscountGroup:
        """Add a group to a side; its name is its id unless given (D2).

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
        """Have a group give nothing to sign-ups judged from now on; what is locked stays (D8).

        :raises Refusal: ``not-allowed``, ``group-unknown``.
        """
        found = self._found(group)
        return self._context.save(found.switched(GroupEvent.DISABLE, self._now), found, act="group.disable")

    @act("group.enable", least=Role.ADMINISTRATOR, feed=True)
    def enable(self, group: GroupId) -> DiscountGroup:
        """Have a disabled group give its amounts again to sign-ups judged from now on (D2).

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
        """Enter what a group gives from ``starts`` (now when ``None``) up to, and without, ``ends`` (D3-D5).

        A day stands for its local midnight, as a last day for the midnight after it (M1, M2). A ``correction``, with a
        reason, may start in the past and displaces whatever it overlaps; amounts that are locked in referrals stay as
        they are.

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
        """Return what :meth:`set_amount` would make of a group's amounts, and change nothing (D3-D5).

        No reason is asked for, as nothing is done.

        :raises Refusal: what :meth:`set_amount` would refuse, for whoever may do that: ``not-allowed``,
            ``group-unknown``, ``moment-past``, ``period-empty``, ``period-overlap``, ``currency-mismatch``.
        """
        found, period = self._found(group), self._period(amount, starts, ends)
        changed = self._changed(found, amount, period, correction=correction)
        return AmountPreview(found.amounts, changed.amounts, found.amounts.within(period))

    @act("group.list", least=Role.AGENT, reads=True, channels=True)
    def all(self) -> tuple[DiscountGroup, ...]:
        """Return every group with its amounts over time, in the order they were added (D2, D3).

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
        """Return the period of an amount; refuse what is not in the programme's currency, and what never holds."""
        calendar = self._programme.calendar
        first, last = starts or self._now, ends
        starts_at = first if isinstance(first, datetime) else calendar.start_of(first, "from")
        ends_at = last if last is None or isinstance(last, datetime) else calendar.end_of(last, "until")
        check_currency(amount, self._programme.currency)
        if ends_at is not None and ends_at <= starts_at:
            raise Refusal(
                Reason.PERIOD_EMPTY,
                message=f"the period {written(starts_at)}/{written(ends_at)} holds no moment",
                field="until",
            )
        return EffectivePeriod(starts_at, ends_at)

    def _found(self, group: str) -> DiscountGroup:
        found = self._ports.groups.find(group)
        if found is None:
            raise Refusal(Reason.GROUP_UNKNOWN, message=f"there is no group {group}", field="group")
        return found
