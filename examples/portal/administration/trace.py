"""The trace: searching it, verifying it, and setting a seal (A2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

import attrs
from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.administration.attention import keep_verification, last_verification
from examples.portal.administration.period_words import PeriodWords
from examples.portal.administration.trace_line import TraceLine
from examples.portal.administration.trace_search import ABOUT, ACTS, TraceSearch, found_rows
from examples.portal.visit import Administrators, Visit
from referral_core import TraceEntry, TraceUnreadable

router = APIRouter(prefix="/administration/trace")

PAGE: Final = 20
"""How many rows stand on a page."""


@attrs.frozen
class Found:
    """A page of what was found; ``broken`` is the row that could not be read, after which nothing more was."""

    lines: tuple[TraceLine, ...] = ()
    more: bool = False
    broken: TraceUnreadable | None = None


@router.get("")
def search(visit: Administrators) -> Response:
    """Show the rows that are looked for, page by page."""
    query = visit.request.query_params
    wanted, number = TraceSearch.of(query), _page_number(query.get("page", ""))
    complaint, found = None, None
    if "about" in query:
        rows, complaint = found_rows(visit, wanted)
        found = None if complaint else _page(visit, rows, number)
    actor = visit.someone().actor
    return visit.page(
        "administration/trace.html",
        status=200 if complaint is None else 422,
        complaint=complaint,
        wanted=wanted,
        found=found,
        page_number=number,
        about=ABOUT,
        acts=ACTS,
        groups=visit.world.ask(actor).groups.all(),
        verification=last_verification(visit),
        words=PeriodWords.of(visit),
    )


@router.post("/verification")
def verify(visit: Administrators) -> Response:
    """Verify every row and every seal, and show what came of it."""
    actor = visit.someone().actor
    expected = visit.fields.get("expected") or None
    keep_verification(visit, visit.world.ask(actor).trace.verify(expected=expected))
    return visit.go("/administration/trace#verification")


@router.post("/seal")
def seal(visit: Administrators) -> Response:
    """Set a seal over what has been added since the last one."""
    actor = visit.someone().actor
    done = visit.world.act(actor).trace.seal()
    if done is None:
        visit.note("administration.trace.nothing-to-seal")
    else:
        visit.note("administration.trace.sealed", number=done.number, heads=done.heads, hash=done.hash)
    return visit.go("/administration/trace")


def _page(visit: Visit, rows: Iterator[TraceEntry], number: int) -> Found:
    """Return a page of rows, read one by one, so that a long chain is never held whole."""
    words, people = PeriodWords.of(visit), visit.world.people
    lines: list[TraceLine] = []
    first = (number - 1) * PAGE
    try:
        for row in islice(rows, first, first + PAGE + 1):
            if len(lines) == PAGE:
                return Found(tuple(lines), more=True)
            lines.append(TraceLine.of(row, words, people))
    except TraceUnreadable as broken:
        return Found(tuple(lines), broken=broken)
    return Found(tuple(lines))


def _page_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) <= 6 and int(text) else 1
