"""Entering an amount: what it would do is shown first, then it is saved (D3-D5)."""

from __future__ import annotations

import attrs
from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.administration.amount_entry import AmountEntry, Unreadable
from examples.portal.administration.groups import (
    ChangedMeanwhile,
    change,
    group_page,
    page_about,
    seen_as_it_is,
    shown_anew,
)
from examples.portal.administration.period_words import PeriodWords
from examples.portal.administration.seen_group import AmountLine, lines_of
from examples.portal.administration.timeline_picture import Axis, TimelinePicture
from examples.portal.complaint import Complaint
from examples.portal.visit import Administrators, Visit
from referral_core import DiscountGroup, EffectivePeriod, Money, Reason, Refusal, Span
from referral_core.services.groups import AmountPreview

router = APIRouter(prefix="/administration/amounts")

FIELDS = {"period": "from", "start": "from", "end": "until"}
"""Where the form has what a refusal calls otherwise."""


@attrs.frozen
class Effect:
    """What an entry would do: both timelines on one axis, the table afterwards, and what would give way."""

    before: TimelinePicture
    after: TimelinePicture
    lines: tuple[AmountLine, ...]
    displaced: tuple[str, ...]

    @classmethod
    def of(cls, preview: AmountPreview, visit: Visit) -> Effect:
        """Return the effect that a preview tells, in words and pictures."""
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
    """Show what an amount would do, and change nothing."""
    entry = _entry(visit)
    if isinstance(entry, Complaint):
        return group_page(visit, visit.fields.get("group", ""), entry)
    try:
        group, found = _previewed(visit, entry)
    except ChangedMeanwhile:
        return shown_anew(visit, entry.group)
    except Refusal as refusal:
        return group_page(visit, entry.group, _complaint(visit, refusal, entry))
    return page_about(visit, group, preview=Effect.of(found, visit))


@router.post("")
def save(visit: Administrators) -> Response:
    """Enter an amount whose effect was seen, unless the group has changed since."""
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
    """Return a group and what the entry would make of it.

    :raises ChangedMeanwhile: somebody else has changed it since the form was shown.
    """
    groups = visit.world.ask(visit.someone().actor).groups
    found = groups.find(entry.group)
    seen_as_it_is(visit, found)
    told = groups.preview(
        entry.group, entry.amount, starts=entry.starts_at, ends=entry.ends_at, correction=entry.correction
    )
    if told.before != found.amounts:
        raise ChangedMeanwhile
    return found, told


def _entry(visit: Visit) -> AmountEntry | Complaint:
    programme = visit.world.programme
    try:
        return AmountEntry.read(visit.fields, programme.calendar, programme.currency, visit.someone().actor)
    except Unreadable as unreadable:
        return Complaint.about(unreadable.field, visit.texts("administration.amounts.no-day"))
    except Refusal as refusal:
        return _complaint(visit, refusal)


def _complaint(visit: Visit, refusal: Refusal, entry: AmountEntry | None = None) -> Complaint:
    """Return what an administrator is told: the period in the way by name, and how the past can be entered."""
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
    """Return what the entry overlaps. Where it is refused for that, each of them would be in its way on its own."""
    now, amounts = visit.world.clock.now, visit.world.ask(visit.someone().actor).groups.find(entry.group).amounts
    return amounts.overlapping(EffectivePeriod.between(entry.starts_at or now, entry.ends_at))


def _said(span: Span[Money], words: PeriodWords) -> str:
    return f"{words.texts.money(span.value)}, {words.whole(span.period)}"
