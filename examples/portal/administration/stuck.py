"""Stuck grants: a page to try them again, and their number for the overview (B2)."""

from __future__ import annotations

from itertools import islice
from typing import Final

import attrs
from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.administration.periods import PeriodWords
from examples.portal.administration.trace import last_verification
from examples.portal.visit import Administrators, Complaint, Visit
from referral_core import Refusal
from referral_core.entities.seal import Verification
from referral_core.services.payouts import Backlog

router = APIRouter(prefix="/administration/stuck")

MOST: Final = 20
"""How many stuck grants are shown; the others follow when these are done."""


@router.get("")
def stuck(visit: Administrators) -> Response:
    """Show the stuck grants, and the number of waiting ones."""
    return _page(visit)


@router.post("")
def retry(visit: Administrators) -> Response:
    """Have a stuck grant tried again, with a reason."""
    actor = visit.someone().actor
    key, reason = visit.fields.get("key", ""), visit.fields.get("reason")
    try:
        grant = visit.world.act(actor).payouts.retry(key, reason=reason)
    except Refusal as refusal:
        return _page(visit, Complaint.of(refusal, visit.person, visit.texts))
    visit.note("administration.stuck.retried", contract=grant.referral)
    return visit.go("/administration/stuck")


def _page(visit: Visit, complaint: Complaint | None = None) -> Response:
    actor = visit.someone().actor
    found = visit.world.ask(actor).payouts.stuck()
    posted = visit.request.method == "POST"
    return visit.page(
        "administration/stuck.html",
        status=200 if complaint is None else 422,
        complaint=complaint,
        grants=list(islice(found, MOST)),
        attention=Attention.of(visit),
        typed=dict(visit.fields) if posted else {},
        words=PeriodWords.of(visit),
    )


@attrs.frozen
class Attention:
    """What needs attention: the backlog at this moment, and the last verification since the start of the portal."""

    backlog: Backlog
    verification: Verification | None

    @classmethod
    def of(cls, visit: Visit) -> Attention:
        """Return what needs attention now."""
        actor = visit.someone().actor
        return cls(
            visit.world.ask(actor).payouts.backlog(),
            last_verification(visit),
        )
