"""The acts of staff on an account's codes: issuing one (C9), ending one (C5)."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.account_page import account_page, viewed
from examples.portal.complaint import Complaint
from examples.portal.staff_page import complaint_of
from examples.portal.typed import typed_day
from examples.portal.visit import Staffs, Visit
from referral_core import Calendar, CodeStatus, PromoCode, Reason, Refusal

router = APIRouter(prefix="/{account}/codes")


@router.get("/new")
def issue_form(visit: Staffs, account: str) -> Response:
    """Show the form for a code issued by hand."""
    return _issuing(visit, account)


@router.post("/new")
def issue(visit: Staffs, account: str) -> Response:
    """Issue a code of a wanted text, or a drawn one; with ``replace`` the present one ends (C9)."""
    world, fields, actor = visit.world, visit.fields, visit.someone().actor
    try:
        issued = world.act(actor).codes.issue(
            account, code=fields.get("code") or None, replace="replace" in fields, reason=fields.get("reason")
        )
    except Refusal as refusal:
        field = "replace" if Reason.CODE_OVERLAP in refusal.reasons else "code"
        return _issuing(visit, account, complaint_of(visit, refusal, field, "code", "reason"))
    visit.note("accounts.issued", code=issued.text)
    return visit.go(f"/accounts/{account}")


@router.get("/{code}/end")
def end_form(visit: Staffs, account: str, code: str) -> Response:
    """Show the form that ends a code."""
    return _ending(visit, account, code)


@router.post("/{code}/end")
def end(visit: Staffs, account: str, code: str) -> Response:
    """End a code at once, or with a last day that is still to come (C5, M2)."""
    world, fields, actor = visit.world, visit.fields, visit.someone().actor
    try:
        ends_at = _ends_at(fields.get("ends_at", ""), world.programme.calendar)
        ended = world.act(actor).codes.end(code, ends_at=ends_at, reason=fields.get("reason"))
    except Refusal as refusal:
        return _ending(visit, account, code, complaint_of(visit, refusal, "ends_at", "reason"))
    is_over = ended.status_at(world.clock.now) is CodeStatus.ENDED
    visit.note("accounts.ended" if is_over else "accounts.to-end", code=ended.text)
    return visit.go(f"/accounts/{account}")


def _ends_at(text: str, calendar: Calendar) -> datetime | None:
    """Return the moment after the last day that was typed; ``None`` for at once."""
    last_day = typed_day(text, "ends_at")
    return None if last_day is None else calendar.end_of(last_day, "ends_at")


def _issuing(visit: Visit, account: str, complaint: Complaint | None = None) -> Response:
    present = _present(visit, account)
    return account_page(visit, account, "account-issue.html", tab="codes", complaint=complaint, present=present)


def _present(visit: Visit, account: str) -> PromoCode | None:
    world, actor = visit.world, visit.someone().actor
    return world.ask(actor).codes.present(account)


def _ending(visit: Visit, account: str, text: str, complaint: Complaint | None = None) -> Response:
    code = next((each for each in viewed(visit, account).codes if each.text == text), None)
    if code is None:
        raise Refusal(Reason.CODE_UNKNOWN, message=f"account {account} never had the code {text}", field="code")
    return account_page(visit, account, "account-end.html", tab="codes", complaint=complaint, code=code)
