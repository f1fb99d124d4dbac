"""Sales: sign-ups, cases and codes for customers who are served by staff."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.visit import Staffs

router = APIRouter(prefix="/sales")


@router.get("")
def overview(visit: Staffs) -> Response:
    """Show the section's first page."""
    return visit.page("sales.html")
