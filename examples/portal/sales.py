"""The sales portal: sign-ups and cases, for agents and above (S8-S10, D7, K2, K3)."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal import sales_cases, sales_conclude, sales_sign_up
from examples.portal.staff_page import PAGE, staff_page
from examples.portal.staff_search import StaffSearch
from examples.portal.visit import Staffs

router = APIRouter(prefix="/sales")
for part in (sales_conclude, sales_sign_up, sales_cases):
    router.include_router(part.router)


@router.get("")
def sign_ups(visit: Staffs, q: str = "", show: str = "open", after: str = "") -> Response:
    """Show sign-ups by pages, those that are still open unless all are asked for; or what is searched for."""
    world, actor = visit.world, visit.someone().actor
    if q.strip():
        found = StaffSearch(visit, q).sign_ups()
        return staff_page(visit, "sales.html", found=found, q=q, show="", following=None, after="")
    page = world.ask(actor).sign_ups.page(after=after or None, limit=PAGE + 1, open_only=show != "all")
    return staff_page(
        visit,
        "sales.html",
        found=page[:PAGE],
        q="",
        show="all" if show == "all" else "open",
        following=page[PAGE - 1].contract.id if len(page) > PAGE else None,
        after=after,
    )
