"""Entering an amount: its effect is shown first, then it is saved (D3-D5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs
from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.administration.groups import (
    AmountLine,
    StaleForm,
    change,
    group_page,
    lines_of,
    page_about,
    seen_as_it_is,
    shown_anew,
)
from examples.portal.administration.periods import Axis, PeriodWords, TimelinePicture
from examples.portal.forms import UnreadableDay, read_day
from examples.portal.visit import Administrators, Complaint, Visit
from referral_core import Actor, Calendar, DiscountGroup, EffectivePeriod, Money, Reason, Refusal, Span
from referral_core.rules.permissions import required_reason
from referral_core.services.groups import AmountPreview

router = APIRouter(prefix="/administration/amounts")

FIELDS = {"period": "from", "start": "from", "end": "until"}
"""The fields of the form by their names in refusals, where the two differ."""


@attrs.frozen
class Effect:
    """The effect of an entry: both timelines on one axis, the table afterwards, and the displaced amounts."""

    before: TimelinePicture
    after: TimelinePicture
    lines: tuple[AmountLine, ...]
    displaced: tuple[str, ...]

    @classmethod
    def of(cls, preview: AmountPreview, visit: Visit) -> Effect:
        """Return the effect of a preview, in words and pictures."""
        words = PeriodWords.of(visit)
        axis = Axis.over([preview.before, preview.after], visit.world.clock.now)
        return cls(
            TimelinePicture.of(preview.before, words, axis),
            TimelinePicture.of(preview.after, words, axis),
            lines_of(preview.after, visit, preview.before),
            tuple(_said(span, words) for span in preview.displaced),
        )


@router.post("/preview")
def preview(visit: Administrators) -> Response:
    """Show the effect of an amount, and change nothing."""
    entry = _entry(visit)
    if isinstance(entry, Complaint):
        return group_page(visit, visit.fields.get("group", ""), entry)
    try:
        group, found = _previewed(visit, entry)
    except StaleForm:
        return shown_anew(visit, entry.group)
    except Refusal as refusal:
        return group_page(visit, entry.group, _complaint(visit, refusal, entry))
    return page_about(visit, group, preview=Effect.of(found, visit))


@router.post("")
def save(visit: Administrators) -> Response:
    """Save an amount whose effect was shown, unless the group has changed since."""
    entry = _entry(visit)
    if isinstance(entry, Complaint):
        return group_page(visit, visit.fields.get("group", ""), entry)
    return change(
        visit,
        entry.group,
        lambda session: session.groups.set_amount(
            entry.group,
            entry.amount,
            starts=entry.starts_at,
            ends=entry.ends_at,
            correction=entry.correction,
            reason=entry.reason,
        ),
        note="administration.amounts.saved",
        complaint_of=lambda refusal: _complaint(visit, refusal, entry),
    )


def _previewed(visit: Visit, entry: AmountEntry) -> tuple[DiscountGroup, AmountPreview]:
    """Return a group and the preview of the entry.

    :raises StaleForm: somebody else has changed it since the form was shown.
    """
    groups = visit.world.ask(visit.someone().actor).groups
    found = groups.find(entry.group)
    seen_as_it_is(visit, found)
    told = groups.preview(
        entry.group, entry.amount, starts=entry.starts_at, ends=entry.ends_at, correction=entry.correction
    )
    if told.before != found.amounts:
        raise StaleForm
    return found, told


def _entry(visit: Visit) -> AmountEntry | Complaint:
    programme = visit.world.programme
    try:
        return AmountEntry.read(visit.fields, programme.calendar, programme.currency, visit.someone().actor)
    except UnreadableDay as unreadable:
        return Complaint.about(unreadable.field, visit.texts("administration.amounts.no-day"))
    except Refusal as refusal:
        return _complaint(visit, refusal)


def _complaint(visit: Visit, refusal: Refusal, entry: AmountEntry | None = None) -> Complaint:
    """Return the complaint about an entry: it names an overlapping period, and says how the past can be entered."""
    complaint = Complaint.of(refusal, visit.person, visit.texts)
    sentences = list(complaint.sentences)
    if Reason.PERIOD_OVERLAP in refusal.reasons and entry is not None:
        words = PeriodWords.of(visit)
        others = "; ".join(_said(span, words) for span in _in_the_way(visit, entry))
        sentences[0] = visit.texts("administration.amounts.overlaps", others=others)
    elif Reason.MOMENT_PAST in refusal.reasons:
        sentences[0] += " " + visit.texts("administration.amounts.past-hint")
    field = FIELDS.get(refusal.field or "", refusal.field)
    return attrs.evolve(complaint, sentences=tuple(sentences), field=field)


def _in_the_way(visit: Visit, entry: AmountEntry) -> tuple[Span[Money], ...]:
    """Return the amounts whose periods the entry overlaps. Each of them alone would be a reason to refuse it."""
    now, amounts = visit.world.clock.now, visit.world.ask(visit.someone().actor).groups.find(entry.group).amounts
    return amounts.overlapping(EffectivePeriod.between(entry.starts_at or now, entry.ends_at))


def _said(span: Span[Money], words: PeriodWords) -> str:
    return f"{words.texts.money(span.value)}, {words.whole(span.period)}"


@attrs.frozen(kw_only=True)
class AmountEntry:
    """An amount to be entered; without ``starts_at`` it holds from the moment of saving."""

    group: str
    amount: Money
    starts_at: datetime | None
    ends_at: datetime | None
    correction: bool
    reason: str | None

    @classmethod
    def read(cls, fields: Mapping[str, str], calendar: Calendar, currency: str, actor: Actor) -> AmountEntry:
        """Return the entry in the form. A comma may stand before the cents; the last day is inclusive (M2).

        :raises UnreadableDay: a day is none.
        :raises Refusal: ``amount-invalid``, ``moment-invalid``; ``reason-missing`` for a correction without one.
        """
        first, last = read_day(fields.get("from", ""), "from"), read_day(fields.get("until", ""), "until")
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
