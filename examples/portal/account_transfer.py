"""Moving unused discount to another account of the same customer, by a supervisor (B7)."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.account_page import account_page
from examples.portal.complaint import Complaint
from examples.portal.staff_page import complaint_of
from examples.portal.typed import typed_amount
from examples.portal.visit import Staffs, Visit
from referral_core import Refusal

router = APIRouter(prefix="/{account}/transfer")


@router.get("")
def form(visit: Staffs, account: str) -> Response:
    """Show the form, with what there is to be moved."""
    return _form(visit, account)


@router.post("")
def transfer(visit: Staffs, account: str) -> Response:
    """Move all of it, or a part."""
    world, fields, actor = visit.world, visit.fields, visit.someone().actor
    try:
        wanted = fields.get("amount", "")
        amount = typed_amount(wanted, world.programme.currency) if wanted else None
        moved = world.act(actor).discounts.transfer(account, fields.get("to", ""), amount=amount)
    except Refusal as refusal:
        return _form(visit, account, complaint_of(visit, refusal, "amount", "to"))
    visit.note("accounts.transferred", amount=visit.texts.money(moved), account=fields.get("to", ""))
    return visit.go(f"/accounts/{account}/discount")


def _form(visit: Visit, account: str, complaint: Complaint | None = None) -> Response:
    return account_page(visit, account, "account-transfer.html", tab="discount", complaint=complaint)
