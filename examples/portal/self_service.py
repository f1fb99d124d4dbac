"""Self-service: a customer's code, passing it on, and what comes of it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.visit import Customers

router = APIRouter(prefix="/me")


@router.get("")
def my_code(visit: Customers) -> Response:
    """Show the customer's code."""
    return visit.page("self-service.html")
