"""Cases: sign-ups that failed in self-service, finished with what they carry or abandoned (K2, K3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import attrs
from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.dry_run import DryRun, Prospect, outcome_of
from examples.portal.forms import typed_day
from examples.portal.newcomer import next_start
from examples.portal.staff import PAGE, complaint_of, referee_groups, staff_page, typed
from examples.portal.visit import Complaint, Staffs, Visit
from referral_core import Case, CaseStatus, Refusal, Session
from referral_core.services.cases import FinishedCase

router = APIRouter(prefix="/sales/cases")


@router.get("")
def cases(visit: Staffs, show: str = "open", after: str = "") -> Response:
    """Show open cases, or all, by pages."""
    world, actor = visit.world, visit.someone().actor
    page = world.ask(actor).cases.page(after=after or None, limit=PAGE + 1, open_only=show != "all")
    return staff_page(
        visit,
        "sales-cases.html",
        found=page[:PAGE],
        show="all" if show == "all" else "open",
        following=page[PAGE - 1].id if len(page) > PAGE else None,
        after=after,
    )


@router.get("/{case}")
def show_case(visit: Staffs, case: str) -> Response:
    """Show a case with what it carries."""
    found = _found(visit, case)
    return staff_page(visit, "sales-case.html", case=found, carried=Prospect.of_case(found))


@router.get("/{case}/finish")
def finish_form(visit: Staffs, case: str) -> Response:
    """Show the form that concludes the sign-up of a case."""
    return _finishing(visit, _found(visit, case))


@router.post("/{case}/finish")
def finish(visit: Staffs, case: str) -> Response:
    """Show the prospect of finishing a case; finish the case once the prospect was shown (K2)."""
    found, fields = _found(visit, case), visit.fields
    try:
        starts_on = typed_day(fields.get("starts_on", ""), "starts_on")
        dry_run = DryRun(visit, _finish(visit, found, 0, starts_on), _prospect)
        chosen = dry_run.show()
        if dry_run.was_seen(chosen):
            numbered = _finish(visit, found, visit.world.people.number(), starts_on)
            done = attrs.evolve(dry_run, act=numbered).do()
            if done is not None:
                visit.note("sales.done-finished", case=case)
                return visit.go(f"/sales/sign-ups/{done.sign_up.contract.id}")
    except Refusal as refusal:
        return _finishing(visit, found, complaint_of(visit, refusal, "group", "starts_on"))
    return _finishing(visit, found, chosen=chosen)


@router.get("/{case}/abandon")
def abandon_form(visit: Staffs, case: str) -> Response:
    """Ask whether a case is to be abandoned."""
    found = _found(visit, case)
    return staff_page(visit, "sales-abandon.html", case=found, carried=Prospect.of_case(found))


@router.post("/{case}/abandon")
def abandon(visit: Staffs, case: str) -> Response:
    """Close a case without a sign-up (K3)."""
    world, actor = visit.world, visit.someone().actor
    try:
        world.act(actor).cases.abandon(case)
    except Refusal as refusal:
        found = _found(visit, case)
        complaint = complaint_of(visit, refusal)
        return staff_page(visit, "sales-case.html", complaint=complaint, case=found, carried=Prospect.of_case(found))
    visit.note("sales.done-abandoned", case=case)
    return visit.go("/sales/cases")


def _found(visit: Visit, case: str) -> Case:
    world, actor = visit.world, visit.someone().actor
    return world.ask(actor).cases.find(case)


def _finish(visit: Visit, case: Case, number: int, starts_on: date | None) -> Callable[[Session], FinishedCase]:
    return lambda session: session.cases.finish(
        case.id,
        contract=f"K-{number}",
        account=f"A-{number}",
        customer=case.customer,
        starts_on=starts_on or next_start(visit.world),
        group=visit.fields.get("group") or None,
    )


def _prospect(finished: FinishedCase) -> Prospect:
    return Prospect.of_sign_up(finished.sign_up)


def _without_case(visit: Visit, case: Case) -> Prospect | None:
    """Return the prospect of the case's code for a sign-up of today without the case."""
    if case.carried is None or case.status is not CaseStatus.OPEN:
        return None
    return Prospect.of_sign_up(
        outcome_of(
            visit,
            lambda session: session.sign_ups.conclude(
                "K-0",
                account="A-0",
                customer=case.customer,
                product=case.product,
                segment=case.segment,
                channel="sales-portal",
                code=case.promo_code,
            ),
        )
    )


def _finishing(
    visit: Visit, case: Case, complaint: Complaint | None = None, *, chosen: Prospect | None = None
) -> Response:
    fields = typed(visit)
    return staff_page(
        visit,
        "sales-finish.html",
        complaint=complaint,
        case=case,
        carried=Prospect.of_case(case),
        today=_without_case(visit, case) if chosen is not None else None,
        fields=fields,
        groups=referee_groups(visit),
        starts_on=fields.get("starts_on") or next_start(visit.world).isoformat(),
        chosen=chosen,
    )
