"""Administration: discount groups and their amounts over time."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.visit import Administrators

router = APIRouter(prefix="/administration")


@router.get("")
def overview(visit: Administrators) -> Response:
    """Show the section's first page."""
    return visit.page("administration.html")
