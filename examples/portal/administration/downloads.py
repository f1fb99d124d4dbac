"""Downloads: the summary, rows of the trace, and all accounts; sent piece by piece while they are being written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from examples.portal.administration.accounts_table import HEADER, account_rows
from examples.portal.administration.csv_table import csv_lines
from examples.portal.administration.trace_search import ABOUT, TraceSearch, found_rows
from examples.portal.visit import Administrators
from referral_adapters.feed.summary import summary
from referral_core import Calendar, TraceEntry, TraceUnreadable

router = APIRouter(prefix="/administration/downloads")

PIECE: Final = 64 * 1024
"""About how many characters are sent at a time."""


@router.get("")
def overview(visit: Administrators) -> Response:
    """Show what can be downloaded."""
    return visit.page("administration/downloads.html", about=ABOUT, wanted=TraceSearch())


@router.get("/summary.json")
def summary_json(visit: Administrators) -> Response:
    """Send everything that is kept, reckoned together: balances, referrals, cases, liability (R2)."""
    world = visit.world
    told = summary(world.programme, world.store, world.clock.now)
    pieces = json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(told)
    return _file("summary.json", "application/json", pieces)


@router.get("/trace.jsonl")
def trace_json_lines(visit: Administrators) -> Response:
    """Send the rows of the trace that are looked for, an object a line (A2)."""
    wanted = TraceSearch.of(visit.request.query_params)
    calendar = visit.world.programme.calendar
    rows, complaint = found_rows(visit, wanted)
    if complaint is not None:
        return visit.page("administration/downloads.html", status=422, complaint=complaint, about=ABOUT, wanted=wanted)
    return _file(f"{wanted.name}.jsonl", "application/jsonl", _json_lines(rows, calendar))


@router.get("/accounts.csv")
def accounts_csv(visit: Administrators) -> Response:
    """Send all accounts with their codes and figures, as a table that spreadsheets open safely (T3)."""
    return _file("accounts.csv", "text/csv", csv_lines(HEADER, account_rows(visit)))


def _file(name: str, kind: str, pieces: Iterable[str]) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_gathered(pieces), media_type=f"{kind}; charset=utf-8", headers=headers)


def _gathered(pieces: Iterable[str]) -> Iterator[bytes]:
    """Yield small pieces together, as bytes."""
    gathered: list[str] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield "".join(gathered).encode()
            gathered, size = [], 0
    yield "".join(gathered).encode()


def _json_lines(rows: Iterator[TraceEntry], calendar: Calendar) -> Iterator[str]:
    """Yield a line for every row; where one cannot be read, a last line that says so."""
    try:
        for row in rows:
            yield json.dumps(_object(row, calendar), ensure_ascii=False) + "\n"
    except TraceUnreadable as broken:
        yield json.dumps({"subject": broken.subject, "number": broken.number, "fault": "cannot be read"}) + "\n"


def _object(row: TraceEntry, calendar: Calendar) -> dict[str, Any]:
    return {
        "subject": row.subject,
        "number": row.number,
        "moment": calendar.local(row.moment).isoformat(),
        "actor": row.actor,
        "role": row.role.value,
        "act": row.act,
        "before": row.before,
        "after": row.after,
        "reason": row.reason,
        "erased": row.is_erased,
        "hash": row.hash,
    }
