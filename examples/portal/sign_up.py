"""Signing up: the public page that a passed-on link leads to."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.visit import Anybodys

router = APIRouter()


@router.get("/sign-up")
def sign_up(visit: Anybodys) -> Response:
    """Show the form."""
    return visit.page("sign-up.html")
