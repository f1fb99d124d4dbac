"""Discount groups and their amounts (D2-D5, D8)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.discount_group import DiscountGroup, GroupEvent, Side
from referral_core.entities.trace_entry import TraceNote, group_subject
from referral_core.programme.programme import Programme
from referral_core.rules.permissions import given_reason, permit, required_reason
from referral_core.use_cases.amount_preview import AmountPreview
from referral_core.use_cases.tracing import group_state
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Refusal
from referral_core.values.moment import moment, optional_moment, written
from referral_core.values.money import Money, check_currency
from referral_core.values.reason import Reason

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports


class Groups:
    """The administrators' acts on discount groups; each is traced on the group's own chain (A2)."""

    def __init__(self, programme: Programme, ports: Ports) -> None:
        self._programme = programme
        self._ports = ports

    def add(self, group: str, *, side: Side, at: datetime, actor: Actor, name: str | None = None) -> DiscountGroup:
        """Add a group to a side; its name is its id unless given (D2).

        :raises Refusal: ``not-allowed``, ``group-exists``.
        """
        at = moment(at)
        permit(actor, Act.GROUP_ADD)
        if self._ports.groups.find(group) is not None:
            raise Refusal(Reason.GROUP_EXISTS, message=f"there is a group {group}", field="group")
        return self._put(Act.GROUP_ADD, None, DiscountGroup(id=group, side=side, name=name or group), at, actor)

    def rename(self, group: str, *, name: str, at: datetime, actor: Actor) -> DiscountGroup:
        """Give a group another name, which no other group has (D2).

        :raises Refusal: ``not-allowed``, ``group-unknown``, ``group-exists``.
        """
        at = moment(at)
        found = self._found(group, actor, Act.GROUP_RENAME)
        return self._put(Act.GROUP_RENAME, found, found.renamed(name), at, actor)

    def disable(self, group: str, *, at: datetime, actor: Actor) -> DiscountGroup:
        """Have a group give nothing to sign-ups judged from ``at`` on; what is locked stays (D8).

        :raises Refusal: ``not-allowed``, ``group-unknown``.
        """
        at = moment(at)
        found = self._found(group, actor, Act.GROUP_DISABLE)
        return self._put(Act.GROUP_DISABLE, found, found.switched(GroupEvent.DISABLE, at), at, actor)

    def enable(self, group: str, *, at: datetime, actor: Actor) -> DiscountGroup:
        """Have a disabled group give its amounts again to sign-ups judged from ``at`` on (D2).

        :raises Refusal: ``not-allowed``, ``group-unknown``.
        """
        at = moment(at)
        found = self._found(group, actor, Act.GROUP_ENABLE)
        return self._put(Act.GROUP_ENABLE, found, found.switched(GroupEvent.ENABLE, at), at, actor)

    def set_amount(
        self,
        group: str,
        amount: Money,
        *,
        at: datetime,
        actor: Actor,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        correction: bool = False,
        reason: str | None = None,
    ) -> DiscountGroup:
        """Enter what a group gives from ``starts_at`` (``at`` when ``None``) up to, and without, ``ends_at`` (D3-D5).

        A ``correction``, with a reason, may start in the past and displaces whatever it overlaps; amounts that are
        locked in referrals stay as they are.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``group-unknown``, ``moment-past``, ``period-empty``,
            ``period-overlap``, ``currency-mismatch``.
        """
        at = moment(at)
        starts_at, ends_at = optional_moment(starts_at, "from"), optional_moment(ends_at, "until")
        found = self._found(group, actor, Act.AMOUNT_SET)
        reason = required_reason(actor, Act.AMOUNT_SET, reason) if correction else given_reason(reason)
        period = self._period(amount, starts_at or at, ends_at)
        changed = found.with_correction(amount, period) if correction else found.with_amount(amount, period, at)
        return self._put(Act.AMOUNT_SET, found, changed, at, actor, reason)

    def preview(
        self,
        group: str,
        amount: Money,
        *,
        at: datetime,
        actor: Actor,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        correction: bool = False,
    ) -> AmountPreview:
        """Return what :meth:`set_amount` would make of a group's amounts, and change nothing (D3-D5).

        No reason is asked for, as nothing is done.

        :raises Refusal: what :meth:`set_amount` would refuse, for whoever may do that: ``not-allowed``,
            ``group-unknown``, ``moment-past``, ``period-empty``, ``period-overlap``, ``currency-mismatch``.
        """
        at = moment(at)
        starts_at, ends_at = optional_moment(starts_at, "from"), optional_moment(ends_at, "until")
        found = self._found(group, actor, Act.AMOUNT_SET)
        period = self._period(amount, starts_at or at, ends_at)
        changed = found.with_correction(amount, period) if correction else found.with_amount(amount, period, at)
        return AmountPreview(found.amounts, changed.amounts, found.amounts.within(period))

    def all(self, *, at: datetime, actor: Actor) -> tuple[DiscountGroup, ...]:
        """Return every group with its amounts over time, in the order they were added (D2, D3).

        :raises Refusal: ``not-allowed``.
        """
        moment(at)
        permit(actor, Act.GROUP_SHOW)
        return self._ports.groups.all()

    def find(self, group: str, *, at: datetime, actor: Actor) -> DiscountGroup:
        """Return a group with its amounts over time (D2, D3).

        :raises Refusal: ``not-allowed``, ``group-unknown``.
        """
        moment(at)
        return self._found(group, actor, Act.GROUP_SHOW)

    def _period(self, amount: Money, starts_at: datetime, ends_at: datetime | None) -> EffectivePeriod:
        """Return the period of an amount; refuse what is not in the programme's currency, and what never holds."""
        check_currency(amount, self._programme.currency)
        if ends_at is not None and ends_at <= starts_at:
            raise Refusal(
                Reason.PERIOD_EMPTY,
                message=f"the period {written(starts_at)}/{written(ends_at)} holds no moment",
                field="until",
            )
        return EffectivePeriod(starts_at, ends_at)

    def _found(self, group: str, actor: Actor, act: Act) -> DiscountGroup:
        permit(actor, act)
        found = self._ports.groups.find(group)
        if found is None:
            raise Refusal(Reason.GROUP_UNKNOWN, message=f"there is no group {group}", field="group")
        return found

    def _put(
        self,
        act: Act,
        before: DiscountGroup | None,
        after: DiscountGroup,
        at: datetime,
        actor: Actor,
        reason: str | None = None,
    ) -> DiscountGroup:
        self._ports.groups.put(after, at=at)
        state = None if before is None else group_state(before, at)
        note = TraceNote(group_subject(after.id), at, act, actor, state, group_state(after, at), reason)
        self._ports.trace.append(note)
        return after
