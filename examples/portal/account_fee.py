"""Noting that a discount is to be paid back on early termination, by a supervisor (B8)."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.account_page import account_page
from examples.portal.complaint import Complaint
from examples.portal.staff_page import complaint_of
from examples.portal.typed import typed_amount
from examples.portal.visit import Staffs, Visit
from referral_core import Refusal

router = APIRouter(prefix="/{account}/fee/{contract}")


@router.get("")
def form(visit: Staffs, account: str, contract: str) -> Response:
    """Show the form, with the figure that the programme proposes."""
    return _form(visit, account, contract)


@router.post("")
def note(visit: Staffs, account: str, contract: str) -> Response:
    """Note the amount on the referral; nothing is posted."""
    world, fields, actor = visit.world, visit.fields, visit.someone().actor
    try:
        amount = typed_amount(fields.get("amount", ""), world.programme.currency)
        world.act(actor).discounts.note_fee(contract, amount=amount, reason=fields.get("reason"))
    except Refusal as refusal:
        return _form(visit, account, contract, complaint_of(visit, refusal, "amount", "reason"))
    visit.note("accounts.fee-noted", amount=visit.texts.money(amount))
    return visit.go(f"/accounts/{account}/discount")


def _form(visit: Visit, account: str, contract: str, complaint: Complaint | None = None) -> Response:
    world, actor = visit.world, visit.someone().actor
    proposed = world.ask(actor).discounts.propose_fee(contract)
    seen = world.ask(actor).sign_ups.find(contract)
    return account_page(
        visit,
        account,
        "account-fee.html",
        tab="discount",
        complaint=complaint,
        contract=contract,
        proposed=proposed,
        seen=seen,
    )
