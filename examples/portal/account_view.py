"""Accounts as staff see them: contracts, codes with their history, issuing and ending (C5, C9, C11)."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal import account_activity, account_code, account_discount, account_fee, account_transfer
from examples.portal.account_page import account_page, viewed
from examples.portal.staff_page import PAGE, staff_page
from examples.portal.staff_search import StaffSearch
from examples.portal.visit import Staffs, Visit

router = APIRouter(prefix="/accounts")


@router.get("")
def overview(visit: Staffs, q: str = "", page: int = 1) -> Response:
    """Show customers with their accounts by pages, or what is searched for; one account that is found is opened."""
    search, wanted = StaffSearch(visit, q), q.strip()
    if wanted:
        accounts = search.accounts()
        if len(accounts) == 1:
            return visit.go(f"/accounts/{accounts[0]}")
        return staff_page(visit, "accounts.html", found=_with_owners(visit, accounts), q=wanted, page=1, has_more=False)
    first = (max(page, 1) - 1) * PAGE
    customers = visit.world.people.customers()
    shown = [(each.id, account) for each in customers[first : first + PAGE] for account in search.accounts_of(each.id)]
    has_more = first + PAGE < len(customers)
    return staff_page(visit, "accounts.html", found=shown, q="", page=max(page, 1), has_more=has_more)


def _with_owners(visit: Visit, accounts: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(viewed(visit, account).customer, account) for account in accounts]


@router.get("/{account}")
def codes(visit: Staffs, account: str) -> Response:
    """Show an account's contracts, and its codes with who issued them, how, and why they ended (C11)."""
    return account_page(visit, account, "account-codes.html", tab="codes", at=visit.world.clock.now)


for part in (account_code, account_discount, account_transfer, account_fee, account_activity):
    router.include_router(part.router)
