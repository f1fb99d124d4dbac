"""An account's timeline: what was done about it, by whom and why, with a filter by category (P3)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.account_page import account_page
from examples.portal.staff_page import PAGE
from examples.portal.visit import Staffs, Visit
from referral_core.services.activity import Activity, ActivityCategory

router = APIRouter(prefix="/{account}/activity")

BATCH: Final = 100
"""So many entries are read at a time."""


@router.get("")
def activity(visit: Staffs, account: str, category: str = "", after: str = "") -> Response:
    """Show the timeline by pages, the newest first; only one category when that is asked for."""
    chosen = next((each for each in ActivityCategory if each == category), None)
    entries = (each for each in _entries(visit, account, after or None) if chosen in {None, each.category})
    page = tuple(islice(entries, PAGE + 1))
    return account_page(
        visit,
        account,
        "account-activity.html",
        tab="activity",
        entries=page[:PAGE],
        categories=tuple(ActivityCategory),
        category=chosen,
        following=page[PAGE - 1].place if len(page) > PAGE else None,
        after=after,
    )


def _entries(visit: Visit, account: str, after: str | None) -> Iterator[Activity]:
    """Yield an account's entries after a place, reading them as they are needed."""
    accounts = visit.world.ask(visit.someone().actor).accounts
    while True:
        batch = accounts.activity(account, after=after, limit=BATCH)
        yield from batch
        if len(batch) < BATCH:
            return
        after = batch[-1].place
