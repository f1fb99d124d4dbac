"""Discounts that are stuck on their way to billing, and trying them again (B2)."""

from __future__ import annotations

from itertools import islice
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.administration.attention import Attention
from examples.portal.administration.period_words import PeriodWords
from examples.portal.complaint import Complaint
from examples.portal.visit import Administrators, Visit
from referral_core import Refusal

router = APIRouter(prefix="/administration/stuck")

MOST: Final = 20
"""How many are shown; the others follow as these are seen to."""


@router.get("")
def stuck(visit: Administrators) -> Response:
    """Show what is stuck, and how much waits."""
    return _page(visit)


@router.post("")
def retry(visit: Administrators) -> Response:
    """Have one of them tried again, with a reason."""
    actor = visit.someone().actor
    key, reason = visit.fields.get("key", ""), visit.fields.get("reason")
    try:
        visit.world.act(actor).payouts.retry(key, reason=reason)
    except Refusal as refusal:
        return _page(visit, Complaint.of(refusal, visit.person, visit.texts))
    visit.note("administration.stuck.retried", leg=key)
    return visit.go("/administration/stuck")


def _page(visit: Visit, complaint: Complaint | None = None) -> Response:
    actor = visit.someone().actor
    found = visit.world.ask(actor).payouts.stuck()
    posted = visit.request.method == "POST"
    return visit.page(
        "administration/stuck.html",
        status=200 if complaint is None else 422,
        complaint=complaint,
        legs=list(islice(found, MOST)),
        attention=Attention.of(visit),
        typed=dict(visit.fields) if posted else {},
        words=PeriodWords.of(visit),
    )
