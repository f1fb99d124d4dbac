"""Discount groups as administrators see them, and adding, renaming, disabling and enabling them (D2, D8)."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Final
from urllib.parse import quote

import attrs
from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.administration.periods import Axis, Kind, PeriodWords, TimelinePicture, kind_of
from examples.portal.administration.stuck import Attention
from examples.portal.people import is_name
from examples.portal.visit import Administrators, Complaint, Visit
from referral_core import DiscountGroup, Money, Refusal, Session, Side, Span, Timeline
from referral_core.entities.discount_group import GroupStatus

router = APIRouter(prefix="/administration")

ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_ID: Final = 40


class StaleForm(Exception):
    """The refusal of a form whose group somebody else has changed meanwhile; nothing was done."""


@router.get("")
def overview(visit: Administrators) -> Response:
    """Show every group with its amounts over time, and what needs attention."""
    return _overview(visit)


@router.post("/groups")
def add(visit: Administrators) -> Response:
    """Add a group."""
    fields = visit.fields
    complaint = _wrong_id(visit) or wrong_name(visit)
    if complaint is not None:
        return _overview(visit, complaint)
    side = Side.REFERRER if fields.get("side") == Side.REFERRER else Side.REFEREE
    try:
        added = visit.world.act(visit.someone().actor).groups.add(fields["group"], side=side, name=fields["name"])
    except Refusal as refusal:
        complaint = Complaint.of(refusal, visit.person, visit.texts)
        return _overview(visit, attrs.evolve(complaint, field="group" if refusal.field == "group" else "name"))
    visit.note("administration.groups.added", name=added.name)
    return visit.go(page_of(added.id))


@router.get("/groups/{group:path}")
def show(visit: Administrators, group: str) -> Response:
    """Show one group, with the forms that change it."""
    return group_page(visit, group)


@router.post("/names")
def rename(visit: Administrators) -> Response:
    """Give a group another name."""
    group = visit.fields.get("group", "")
    complaint = wrong_name(visit)
    if complaint is not None:
        return group_page(visit, group, complaint)
    name = visit.fields["name"]
    return change(
        visit,
        group,
        lambda session: session.groups.rename(group, name=name),
        note="administration.groups.renamed",
    )


@router.post("/switches")
def switch(visit: Administrators) -> Response:
    """Disable a group or enable it, from now on."""
    group = visit.fields.get("group", "")
    disable = visit.fields.get("to") == "disabled"

    return change(
        visit,
        group,
        lambda session: session.groups.disable(group) if disable else session.groups.enable(group),
        note="administration.groups.was-disabled" if disable else "administration.groups.was-enabled",
    )


def change(
    visit: Visit,
    group: str,
    act: Callable[[Session], DiscountGroup],
    *,
    note: str,
    complaint_of: Callable[[Refusal], Complaint] | None = None,
) -> Response:
    """Change a group; if somebody else has changed it since the form was shown, show it anew."""

    def guarded(session: Session) -> DiscountGroup:
        seen_as_it_is(visit, session.groups.find(group))
        return act(session)

    try:
        changed = visit.world.run(guarded, actor=visit.someone().actor)
    except StaleForm:
        return shown_anew(visit, group)
    except Refusal as refusal:
        told = complaint_of or (lambda no: attrs.evolve(Complaint.of(no, visit.person, visit.texts), field="name"))
        return group_page(visit, group, told(refusal))
    visit.note(note, name=changed.name)
    return visit.go(page_of(group))


def seen_as_it_is(visit: Visit, group: DiscountGroup) -> None:
    """Check that the form shows the present state of the group.

    :raises StaleForm: they saw another state of it.
    """
    if stamp_of(group) != visit.fields.get("stamp"):
        raise StaleForm


def shown_anew(visit: Visit, group: str) -> Response:
    """Answer with the page of a group that somebody else has changed, and say so."""
    sentence = visit.texts("administration.groups.changed-meanwhile")
    return group_page(visit, group, Complaint((sentence,)), status=409)


def group_page(
    visit: Visit, group: str, complaint: Complaint | None = None, *, status: int | None = None, **context: object
) -> Response:
    """Answer with the page of a group in its present state; its forms keep what was typed."""
    found = visit.world.ask(visit.someone().actor).groups.find(group)
    return page_about(visit, found, complaint, status=status, **context)


def page_about(
    visit: Visit,
    group: DiscountGroup,
    complaint: Complaint | None = None,
    *,
    status: int | None = None,
    **context: object,
) -> Response:
    """Answer with the page of a group in a given state."""
    shared = {"seen": GroupView.of(group, visit), "typed": _typed(visit), "preview": None}
    return visit.page(
        "administration/group.html",
        status=status or (200 if complaint is None else 422),
        complaint=complaint,
        **{**shared, **context},
    )


def page_of(group: str) -> str:
    """Return the path of a group's page."""
    return f"/administration/groups/{quote(group)}"


def wrong_name(visit: Visit) -> Complaint | None:
    """Return the complaint about the name of a group; ``None`` for a proper name."""
    name = visit.fields.get("name", "")
    if is_name(name):
        return None
    return Complaint.about("name", visit.texts("administration.groups.name-missing"))


def _wrong_id(visit: Visit) -> Complaint | None:
    id_ = visit.fields.get("group", "")
    if len(id_) <= LONGEST_ID and ID.fullmatch(id_):
        return None
    return Complaint.about("group", visit.texts("administration.groups.id-wrong"))


def _overview(visit: Visit, complaint: Complaint | None = None) -> Response:
    groups = visit.world.ask(visit.someone().actor).groups.all()
    return visit.page(
        "administration/groups.html",
        status=200 if complaint is None else 422,
        complaint=complaint,
        groups=[GroupView.of(group, visit) for group in groups],
        typed=_typed(visit),
        attention=Attention.of(visit),
        sides=list(Side),
    )


def _typed(visit: Visit) -> dict[str, str]:
    return dict(visit.fields) if visit.request.method == "POST" else {}


@attrs.frozen
class AmountLine:
    """One line of the table of amounts; ``note`` is the key of the remark on a change."""

    start: str
    last: str
    amount: str
    kind: Kind
    note: str | None = None


@attrs.frozen
class GroupView:
    """A group as it is shown at the present moment."""

    group: DiscountGroup
    status: GroupStatus
    amount: Money | None
    picture: TimelinePicture
    lines: tuple[AmountLine, ...]

    @classmethod
    def of(cls, group: DiscountGroup, visit: Visit) -> GroupView:
        """Return a group as it is shown in a visit."""
        words, now = PeriodWords.of(visit), visit.world.clock.now
        terms = group.terms_at(now)
        picture = TimelinePicture.of(group.amounts, words, Axis.over([group.amounts], now))
        return cls(group, terms.status, terms.amount, picture, lines_of(group.amounts, visit))

    @property
    def stamp(self) -> str:
        """The digest that forms carry, so that nobody changes a state of the group that they have not seen."""
        return stamp_of(self.group)


def stamp_of(group: DiscountGroup) -> str:
    """Return a digest of a group's whole state."""
    return sha256(repr(group).encode()).hexdigest()[:24]


def lines_of(amounts: Timeline[Money], visit: Visit, before: Timeline[Money] | None = None) -> tuple[AmountLine, ...]:
    """Return the lines of a table of amounts; compared with the amounts ``before``, with remarks on changes."""
    words, now = PeriodWords.of(visit, brief=True), visit.world.clock.now
    return tuple(
        AmountLine(
            words.start(span.period),
            words.last(span.period),
            visit.texts.money(span.value),
            kind_of(span, now),
            None if before is None else _became(span, before),
        )
        for span in amounts
    )


def _became(span: Span[Money], before: Timeline[Money]) -> str | None:
    """Return the remark on an amount: none, new, shortened, or resumed after another amount."""
    if span in before.spans:
        return None
    earlier = before.at(span.period.start)
    if earlier is None or earlier.value != span.value:
        return "new"
    return "shortened" if earlier.period.start == span.period.start else "resumes"
