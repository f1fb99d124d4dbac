"""Downloads: the summary, rows of the trace, and all accounts, sent piece by piece while they are written."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import StringIO
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from examples.portal.administration.trace import ABOUT, TraceSearch, found_rows
from examples.portal.visit import Administrators, Visit
from referral_adapters.feed.summary import summary
from referral_core import Calendar, PromoCode, TraceEntry, TraceUnreadable
from referral_core.services.accounts import AccountView

router = APIRouter(prefix="/administration/downloads")

PIECE: Final = 64 * 1024
"""About how many characters are sent at a time."""
HEADER: Final = (
    "account",
    "codes",
    "code",
    "status",
    "starts_at",
    "ends_at",
    "ending",
    "sent",
    "used",
    "earned",
    "on_the_way",
    "granted",
    "taken_back",
    "consumed",
    "unused",
    "currency",
)
"""The names of the columns. Customers are left out on purpose; the page of an account names its customer."""
BEGINS_A_FORMULA: Final = frozenset("=+-@＝＋－＠\t\r\n|%")
"""The first characters of a formula in a spreadsheet, in their full-width forms too."""
MARK_OF_ORDER: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""The mark by which spreadsheets recognise UTF-8."""


@router.get("")
def overview(visit: Administrators) -> Response:
    """Show the downloads."""
    return visit.page("administration/downloads.html", about=ABOUT, wanted=TraceSearch())


@router.get("/summary.json")
def summary_json(visit: Administrators) -> Response:
    """Send the summary of the store: balances, referrals, cases, liability (R2)."""
    world = visit.world
    told = summary(world.programme, world.store, world.clock.now)
    pieces = json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(told)
    return _file("summary.json", "application/json", pieces)


@router.get("/trace.jsonl")
def trace_json_lines(visit: Administrators) -> Response:
    """Send the rows that a search finds in the trace, one object a line (A2)."""
    wanted = TraceSearch.of(visit.request.query_params)
    calendar = visit.world.programme.calendar
    rows, complaint = found_rows(visit, wanted)
    if complaint is not None:
        return visit.page("administration/downloads.html", status=422, complaint=complaint, about=ABOUT, wanted=wanted)
    return _file(f"{wanted.name}.jsonl", "application/jsonl", _json_lines(rows, calendar))


@router.get("/accounts.csv")
def accounts_csv(visit: Administrators) -> Response:
    """Send all accounts with codes and figures, as a table that spreadsheets open safely (T3)."""
    return _file("accounts.csv", "text/csv", csv_lines(HEADER, account_rows(visit)))


def _file(name: str, kind: str, pieces: Iterable[str]) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_gathered(pieces), media_type=f"{kind}; charset=utf-8", headers=headers)


def _gathered(pieces: Iterable[str]) -> Iterator[bytes]:
    """Yield pieces of text joined to larger ones, as bytes."""
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
    """Yield a line for every row; after a row that cannot be read, a last line names it."""
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


def account_rows(visit: Visit) -> Iterator[tuple[object, ...]]:
    """Yield a row for every account in order of id, each read at its turn."""
    world, accounts = visit.world, visit.world.ask(visit.someone().actor).accounts
    at, calendar = world.clock.now, world.programme.calendar
    for account, _ in world.store.contracts.accounts():
        yield _row(accounts.show(account), at, calendar)


def _row(seen: AccountView, at: datetime, calendar: Calendar) -> tuple[object, ...]:
    figures, balance = seen.figures, seen.balance
    amounts = (
        figures.earned,
        figures.on_the_way,
        balance.granted,
        balance.taken_back,
        balance.consumed,
        balance.unused,
    )
    return (
        seen.account,
        len(seen.codes),
        *_code(seen.codes, at, calendar),
        figures.sent,
        figures.used,
        *(str(amount.amount) for amount in amounts),
        balance.unused.currency,
    )


def _code(codes: tuple[PromoCode, ...], at: datetime, calendar: Calendar) -> tuple[object, ...]:
    """Return text, status, start, end and kind of ending of the latest code."""
    if not codes:
        return (None,) * 5
    code = codes[-1]
    starts_at, ends_at = _written(code.starts_at, calendar), _written(code.ends_at, calendar)
    return code.text, code.status_at(at), starts_at, ends_at, code.ending


def _written(at: datetime | None, calendar: Calendar) -> str | None:
    return None if at is None else calendar.local(at).isoformat()


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield a table line by line (RFC 4180), the header first; ``None`` is an empty cell."""
    yield MARK_OF_ORDER + _line(header)
    for row in rows:
        yield _line(row)


def _line(row: Sequence[object]) -> str:
    line = StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(["" if cell is None else safe(str(cell)) for cell in row])
    return line.getvalue()


def safe(cell: str) -> str:
    """Return the text of a cell, with an apostrophe before the beginning of a formula.

    >>> safe("=1+1"), safe("24.90")
    ("'=1+1", '24.90')
    """
    begins = cell.lstrip(" \N{NO-BREAK SPACE}")[:1] or cell[:1]
    return f"'{cell}" if begins in BEGINS_A_FORMULA and begins else cell
