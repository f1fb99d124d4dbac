"""Accounts as staff see them: contracts, codes, discounts and what happened."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.visit import Staffs

router = APIRouter(prefix="/accounts")


@router.get("")
def overview(visit: Staffs) -> Response:
    """Show the section's first page."""
    return visit.page("accounts.html")
