"""One sign-up: what stands in it, a code added to it (S8, S10), another group (D7), and why it is as it is."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.complaint import Complaint
from examples.portal.plain_explanation import PlainExplanation
from examples.portal.prospect import Prospect
from examples.portal.rehearsal import Rehearsal, rehearse
from examples.portal.staff_choice import HONOURED, StaffChoice
from examples.portal.staff_page import complaint_of, referee_groups, staff_page, typed
from examples.portal.visit import Staffs, Visit
from examples.portal.world import PORTAL
from referral_core import CodeRefused, Reason, Referral, Refusal, Session, TraceEntry
from referral_core.services.sign_ups import SignUp, SignUpView

router = APIRouter(prefix="/sign-ups/{contract}")


@router.get("")
def show(visit: Staffs, contract: str) -> Response:
    """Show a sign-up with its referral, what is on its way, and every change of group with both amounts."""
    return staff_page(visit, "sales-sign-up.html", seen=_seen(visit, contract), changes=_changes(visit, contract))


@router.get("/code")
def code_form(visit: Staffs, contract: str) -> Response:
    """Show the form for a code that is added later."""
    return _attaching(visit, _seen(visit, contract))


@router.post("/code")
def attach(visit: Staffs, contract: str) -> Response:
    """Show what a code that is added later would bring; add it when that was seen (S8, S10)."""
    seen = _seen(visit, contract)
    try:
        choice = StaffChoice.typed(visit)
        rehearsal = Rehearsal(visit, _attach(visit, contract, choice), Prospect.of_sign_up)
        if rehearsal.do() is not None:
            visit.note("sales.done-attached", contract=contract)
            return visit.go(f"/sales/sign-ups/{contract}")
        return _attaching(visit, seen, by_rules=_by_rules(visit, contract, choice), chosen=rehearsal.show())
    except CodeRefused as refused:
        complaint = complaint_of(visit, refused, "code")
        return _attaching(visit, seen, complaint, chosen=Prospect.of_decision(refused.decision))
    except Refusal as refusal:
        return _attaching(visit, seen, complaint_of(visit, refusal, "code", HONOURED, "group", "reason"))


@router.get("/group")
def group_form(visit: Staffs, contract: str) -> Response:
    """Show the form for another group."""
    return _regrouping(visit, _seen(visit, contract))


@router.post("/group")
def change_group(visit: Staffs, contract: str) -> Response:
    """Show the amounts before and after a change of group; change it when they were seen (D7)."""
    seen = _seen(visit, contract)
    rehearsal = Rehearsal(visit, _regroup(visit, contract), Prospect.of_referral)
    try:
        changed = rehearsal.do()
        if changed is not None:
            visit.note("sales.done-regrouped", amount=visit.texts.money(changed.referee_offer.amount))
            return visit.go(f"/sales/sign-ups/{contract}")
        return _regrouping(visit, seen, chosen=rehearsal.show())
    except Refusal as refusal:
        return _regrouping(visit, seen, complaint_of(visit, refusal, "group", "reason"))


@router.get("/explanation")
def explain(visit: Staffs, contract: str) -> Response:
    """Say in plain words why both amounts are what they are (S7)."""
    world, actor = visit.world, visit.someone().actor
    explanation = world.ask(actor).referrals.explain(contract)
    return staff_page(visit, "sales-explanation.html", told=PlainExplanation(visit, explanation))


def _seen(visit: Visit, contract: str) -> SignUpView:
    world, actor = visit.world, visit.someone().actor
    return world.ask(actor).sign_ups.find(contract)


def _changes(visit: Visit, contract: str) -> tuple[TraceEntry, ...]:
    """Return the rows that say from which amount to which a group was changed, of a sign-up that was shown.

    The trace itself is for administrators; an agent is told this much of it by the account's timeline too.
    """
    act = "referral.change-group"
    return tuple(visit.world.ask(PORTAL).trace.rows_of_contract(contract, act=act))


def _attach(visit: Visit, contract: str, choice: StaffChoice) -> Callable[[Session], SignUp]:
    return lambda session: session.sign_ups.attach(
        contract, code=visit.fields.get("code", ""), group=choice.group, honour=choice.honoured, reason=choice.reason
    )


def _by_rules(visit: Visit, contract: str, choice: StaffChoice) -> Prospect | None:
    """Return what the rules by themselves would bring where something else is chosen."""
    if not choice.deviates:
        return None
    try:
        return Prospect.of_sign_up(rehearse(visit, _attach(visit, contract, StaffChoice())))
    except CodeRefused as refused:
        return Prospect.of_decision(refused.decision)


def _regroup(visit: Visit, contract: str) -> Callable[[Session], Referral]:
    fields = visit.fields
    return lambda session: session.referrals.change_group(
        contract, group=fields.get("group", ""), reason=fields.get("reason")
    )


def _attaching(
    visit: Visit,
    seen: SignUpView,
    complaint: Complaint | None = None,
    *,
    by_rules: Prospect | None = None,
    chosen: Prospect | None = None,
) -> Response:
    return staff_page(
        visit,
        "sales-code.html",
        complaint=complaint,
        seen=seen,
        fields=typed(visit),
        groups=referee_groups(visit),
        by_rules=by_rules,
        chosen=chosen,
    )


def _regrouping(
    visit: Visit, seen: SignUpView, complaint: Complaint | None = None, *, chosen: Prospect | None = None
) -> Response:
    if seen.referral is None:
        raise Refusal(Reason.REFERRAL_UNKNOWN, message=f"contract {seen.contract.id} has no referral")
    return staff_page(
        visit,
        "sales-group.html",
        complaint=complaint,
        seen=seen,
        fields=typed(visit),
        groups=referee_groups(visit),
        present=Prospect.of_referral(seen.referral),
        chosen=chosen,
    )
