"""The trace: who did what, and seals over it (A2)."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from referral_adapters.http.asking import Asked
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.models.answer import PageAnswer
from referral_adapters.http.models.fields import ActName, Moment, Text
from referral_adapters.http.models.pages import Cursor, Limit, numbered, page_of
from referral_adapters.http.models.trace import SealedAnswer, TraceRowAnswer
from referral_adapters.http.problems import improper
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.moment import EARLIEST


def list_trace(
    asked: Asked,
    *,
    subject: Annotated[Text | None, Query(description="Such as `account:A`, `group:referrer`, `programme`.")] = None,
    contract: Annotated[Text | None, Query(description="A contract, in place of a subject.")] = None,
    act: Annotated[ActName | None, Query(description="Only this act.")] = None,
    since: Annotated[Moment | None, Query(description="Not before this moment.")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List what was done about a subject, or about a contract and its referral, in order."""
    if (subject is None) == (contract is None):
        raise improper("query.subject", "give a subject or a contract")
    period = None if since is None and until is None else EffectivePeriod.between(since or EARLIEST, until)
    passed = numbered(cursor)
    trace = asked.session.trace
    if subject is not None:
        rows = trace.rows(subject, period=period, act=act)
    else:
        rows = trace.rows_of_contract(contract or "", period=period, act=act)
    items = [TraceRowAnswer.of(row, asked.calendar) for row in islice(rows, passed, passed + limit + 1)]
    return asked.answered(page_of(items, limit, lambda _: str(passed + limit)))


def seal_trace(asked: Asked) -> Response:
    """Set a seal over every chain that has grown since the last one."""
    return asked.done(None, lambda: SealedAnswer.of(asked.session.trace.seal(), asked.calendar))


_TAG: Final = "trace"
ENDPOINTS: Final = (
    Endpoint(
        method="GET", path="/trace", does=list_trace, act="trace.show", answer=PageAnswer[TraceRowAnswer], tag=_TAG
    ),
    Endpoint(method="POST", path="/trace/seals", does=seal_trace, act="trace.seal", answer=SealedAnswer, tag=_TAG),
)
