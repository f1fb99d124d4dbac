"""What the pages of the staff have in common: names for ids, groups by name, moments as people write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from fastapi.responses import Response

from examples.portal.complaint import Complaint
from examples.portal.visit import Visit
from referral_core import DiscountGroup, Money, Refusal, Side

PAGE: Final = 20
"""How many rows a page of a list has."""


def staff_page(visit: Visit, template: str, *, complaint: Complaint | None = None, **context: object) -> Response:
    """Answer with a page for staff; one with a complaint says by its status that nothing was done."""
    shared = {
        "moment": moments(visit),
        "group_name": group_names(visit),
        "who": who(visit),
        "traced_money": lambda text: visit.texts.money(traced_money(text)),
        "can_supervise": visit.someone().role in {"supervisor", "administrator"},
    }
    status = 200 if complaint is None else 422
    return visit.page(template, status=status, complaint=complaint, **{**shared, **context})


def complaint_of(visit: Visit, refusal: Refusal, *fields: str) -> Complaint:
    """Return what staff are told of a refusal; one at no field of the form stands at the first of its ``fields``."""
    complaint = Complaint.of(refusal, visit.person, visit.texts)
    if not fields or complaint.field in fields:
        return complaint
    return Complaint(complaint.sentences, complaint.reasons, fields[0])


def typed(visit: Visit) -> Mapping[str, str]:
    """Return what was typed into the form of a page; nothing when it is opened."""
    return visit.fields if visit.request.method == "POST" else {}


def traced_money(text: str) -> Money:
    """Return an amount as the trace writes it, such as ``7.00 EUR``."""
    amount, _, currency = text.partition(" ")
    return Money(amount, currency)


def moments(visit: Visit) -> Callable[[datetime], str]:
    """Return what writes a moment with its time of day, by the programme's clocks."""
    calendar, texts = visit.world.programme.calendar, visit.texts

    def written(at: datetime) -> str:
        local = calendar.local(at)
        return texts("staff.moment", day=texts.day(local.date()), time=f"{local:%H:%M}")

    return written


def who(visit: Visit) -> Callable[[str | None], str]:
    """Return what names whoever an id stands for: somebody of the staff, a customer, or a system by its own word."""
    people, texts = visit.world.people, visit.texts

    def named(id_: str | None) -> str:
        if id_ is None:
            return texts("staff.erased")
        person = people.find(id_)
        return id_ if person is None else person.name

    return named


def referee_groups(visit: Visit) -> tuple[DiscountGroup, ...]:
    """Return the groups that a sign-up can be put into."""
    groups = visit.world.ask(visit.someone().actor).groups.all()
    return tuple(group for group in groups if group.side is Side.REFEREE)


def group_names(visit: Visit) -> Callable[[str], str]:
    """Return what names a group, by its id where it has no name any more."""
    groups = visit.world.ask(visit.someone().actor).groups.all()
    names: Mapping[str, str] = {group.id: group.name for group in groups}
    return lambda group: names.get(group, group)
