"""Concluding a sign-up for a customer who calls: a code that cannot be used warns and does not block (S9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

import attrs
from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.dry_run import HONOURED, DryRun, Prospect, StaffChoice, outcome_of
from examples.portal.forms import typed_day
from examples.portal.newcomer import Newcomer, next_start
from examples.portal.people import Person, is_name
from examples.portal.sign_up import LONGEST_CODE, PRODUCTS
from examples.portal.staff import complaint_of, referee_groups, staff_page, typed
from examples.portal.visit import Complaint, Staffs, Visit
from referral_core import Refusal, Session
from referral_core.services.sign_ups import SignUp

router = APIRouter(prefix="/sales")

SEGMENTS: Final = ("household", "micro-business")
CHANNEL: Final = "sales-portal"


@router.get("/new")
def form(visit: Staffs, customer: str = "") -> Response:
    """Show the form, for a new customer or a known one."""
    return _form(visit, customer=customer)


@router.post("/new")
def conclude(visit: Staffs) -> Response:
    """Show the prospect of the sign-up; conclude once it was shown, even if the code cannot be used (S9)."""
    fields = visit.fields
    complaint = _wrong(visit)
    if complaint is not None:
        return _form(visit, complaint)
    try:
        choice, starts_on = StaffChoice.typed(visit), typed_day(fields.get("starts_on", ""), "starts_on")
        draft = _applicant(visit, number=0)
        dry_run = DryRun(visit, _conclude(visit, draft, choice, starts_on), Prospect.of_sign_up)
        by_rules = _by_rules(visit, draft, choice, starts_on)
        chosen = dry_run.show()
        if dry_run.was_seen(chosen):
            newcomer = _applicant(visit, number=visit.world.people.number())
            signed = attrs.evolve(dry_run, act=_conclude(visit, newcomer, choice, starts_on)).do()
            if signed is not None:
                return _tell(visit, newcomer, signed)
    except Refusal as refusal:
        return _form(visit, complaint_of(visit, refusal, "code", HONOURED, "group", "reason", "starts_on"))
    return _form(visit, by_rules=by_rules, chosen=chosen)


def _tell(visit: Visit, newcomer: Newcomer, signed: SignUp) -> Response:
    visit.world.people.add(newcomer.person.id, newcomer.person.name)
    visit.note("sales.done-warned" if signed.contract.warnings else "sales.done-concluded", contract=signed.contract.id)
    return visit.go(f"/sales/sign-ups/{signed.contract.id}")


def _applicant(visit: Visit, *, number: int) -> Newcomer:
    """Return the newcomer of a number; a known customer keeps the id."""
    fields = visit.fields
    person = _known(visit, fields.get("customer", "")) or Person(f"C-{number}", fields.get("name", ""))
    return Newcomer(
        number=number,
        person=person,
        product=fields.get("product", PRODUCTS[0]),
        segment=fields.get("segment", _segments(visit)[0]),
        account=f"A-{number}",
    )


def _conclude(
    visit: Visit, newcomer: Newcomer, choice: StaffChoice, starts_on: date | None
) -> Callable[[Session], SignUp]:
    return lambda session: session.sign_ups.conclude(
        f"K-{newcomer.number}",
        account=newcomer.account,
        customer=newcomer.person.id,
        product=newcomer.product,
        segment=newcomer.segment,
        channel=CHANNEL,
        code=visit.fields.get("code") or None,
        group=choice.group,
        honour=choice.honoured,
        reason=choice.reason,
        starts_on=starts_on or next_start(visit.world),
        first_name=newcomer.person.first_name,
    )


def _by_rules(visit: Visit, newcomer: Newcomer, choice: StaffChoice, starts_on: date | None) -> Prospect | None:
    """Return the prospect without the choices of staff; ``None`` if there are none."""
    if not choice.deviates:
        return None
    return Prospect.of_sign_up(outcome_of(visit, _conclude(visit, newcomer, StaffChoice(), starts_on)))


def _wrong(visit: Visit) -> Complaint | None:
    """Return the complaint about the form itself, before any rule is asked."""
    fields, texts = visit.fields, visit.texts
    name = fields.get("name", "")
    if _known(visit, fields.get("customer", "")) is None and not is_name(name):
        return Complaint.about("name", texts("sales.name-missing"))
    if len(fields.get("code", "")) > LONGEST_CODE:
        return Complaint.about("code", texts("sales.code-long"))
    if fields.get("product", PRODUCTS[0]) not in PRODUCTS or fields.get("segment", SEGMENTS[0]) not in SEGMENTS:
        return Complaint.about("product", texts("sales.product-unknown"))
    return None


def _known(visit: Visit, customer: str) -> Person | None:
    """Return a known customer with an account that this actor may see; ``None`` for an empty id."""
    if not customer:
        return None
    world, actor = visit.world, visit.someone().actor
    accounts = world.ask(actor).accounts.of_customer(customer)
    return world.people.find(customer) if accounts else None


def _segments(visit: Visit) -> tuple[str, ...]:
    limited = visit.someone().segments
    return SEGMENTS if limited is None else tuple(each for each in SEGMENTS if each in limited)


def _form(
    visit: Visit,
    complaint: Complaint | None = None,
    *,
    customer: str = "",
    by_rules: Prospect | None = None,
    chosen: Prospect | None = None,
) -> Response:
    fields = typed(visit)
    return staff_page(
        visit,
        "sales-conclude.html",
        complaint=complaint,
        fields=fields,
        customer=_known(visit, fields.get("customer", customer)),
        products=PRODUCTS,
        segments=_segments(visit),
        groups=referee_groups(visit),
        starts_on=fields.get("starts_on") or next_start(visit.world).isoformat(),
        by_rules=by_rules,
        chosen=chosen,
    )
