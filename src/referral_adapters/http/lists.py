"""Lists that come in pages: their limits, their cursors, and the endpoints that answer with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Annotated, Final, TypeVar

from fastapi import Query
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from referral_adapters.http.bodies import ActName, Channel, Id, Moment, Text
from referral_adapters.http.models.accounts import ActivityAnswer, ReferralViewAnswer
from referral_adapters.http.models.answer import PageAnswer, cursor_of, place_of
from referral_adapters.http.models.contracts import CaseAnswer, SignUpAnswer
from referral_adapters.http.models.events import TraceRowAnswer
from referral_adapters.http.problems import invalid_field
from referral_adapters.http.request import CurrentRequest
from referral_core.services.activity import place_of as place_in_list
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Refusal
from referral_core.values.moment import EARLIEST

T = TypeVar("T")

MOST: Final = 200
"""The most items of a page."""
_LONGEST: Final = 400
_DIGITS: Final = 15


def _place(cursor: str | None) -> str | None:
    """Return the text in a cursor, whose meaning each list knows."""
    if cursor is None:
        return None
    text = place_of(cursor)
    if not text or "\0" in text:
        raise PydanticCustomError("cursor", "is no cursor that a page has given")
    return text


def page_of(items: Sequence[T], limit: int, place: Callable[[T], str]) -> PageAnswer[T]:
    """Return the page of up to ``limit`` items; ``items`` has one more if the list goes on."""
    shown = list(items[:limit])
    return PageAnswer(items=shown, next=cursor_of(place(shown[-1])) if len(items) > limit else None)


Cursor = Annotated[
    str | None,
    Query(description="The place to go on from: `next` of the page before.", max_length=_LONGEST),
    AfterValidator(_place),
]
Limit = Annotated[int, Query(description="The most items of the page.", ge=1, le=MOST)]


def place_of_newest(cursor: str | None) -> str | None:
    """Return the place in a list that begins with the newest item, for its cursor; ``None`` is the beginning.

    :raises HttpProblem: the cursor is from another list.
    """
    if cursor is not None:
        try:
            place_in_list(cursor)
        except Refusal as refusal:
            raise invalid_field("query.cursor", "is no cursor that a page of this list has given") from refusal
    return cursor


def number_of(cursor: str | None) -> int:
    """Return the place in a numbered list, for its cursor; 0 is the beginning.

    :raises HttpProblem: the cursor is from another list.
    """
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdecimal() or len(cursor) > _DIGITS:
        raise invalid_field("query.cursor", "is no cursor that a page of this list has given")
    return int(cursor)


def list_referrals(request: CurrentRequest, account: Id, *, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """List the account's referrals and where each discount is; customers are not told who their friends are."""
    request.caller.enter(account)
    found = request.session.accounts.referrals(account, after=place_of_newest(cursor), limit=limit + 1)
    page = page_of(list(found), limit, lambda last: last.place)
    items = [ReferralViewAnswer.of(seen, request.calendar, request.own_language) for seen in page.items]
    return request.answered(PageAnswer[ReferralViewAnswer](items=items, next=page.next))


def list_activity(request: CurrentRequest, account: Id, *, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """List what was done about the account, newest first, for the timeline of a consumer profile."""
    request.caller.enter(account)
    found = request.session.accounts.activity(account, after=place_of_newest(cursor), limit=limit + 1)
    page = page_of(list(found), limit, lambda last: last.place)
    items = [ActivityAnswer.of(each, request.calendar) for each in page.items]
    return request.answered(PageAnswer[ActivityAnswer](items=items, next=page.next))


def list_contracts(
    request: CurrentRequest,
    *,
    cursor: Cursor = None,
    limit: Limit = 50,
    open: Annotated[bool, Query(description="Only those that wait for their activation.")] = False,  # noqa: A002
    channel: Annotated[Channel | None, Query()] = None,
) -> Response:
    """List sign-ups by the id of the contract, in the caller's segments."""
    found = request.session.sign_ups.page(after=cursor, limit=limit + 1, open_only=open, channel=channel)
    items = [SignUpAnswer.of(each, request.calendar) for each in found]
    return request.answered(page_of(items, limit, lambda last: last.contract.contract))


def list_cases(
    request: CurrentRequest,
    *,
    cursor: Cursor = None,
    limit: Limit = 50,
    open: Annotated[bool, Query(description="Only those that are open.")] = False,  # noqa: A002
) -> Response:
    """List cases by id, in the caller's segments."""
    found = request.session.cases.page(after=cursor, limit=limit + 1, open_only=open)
    items = [CaseAnswer.of(case, request.calendar) for case in found]
    return request.answered(page_of(items, limit, lambda last: last.case))


def list_trace(
    request: CurrentRequest,
    *,
    subject: Annotated[
        Text | None, Query(description="Such as `account:A`, `referral:K-1`, `group:referrer`, `programme`.")
    ] = None,
    contract: Annotated[Text | None, Query(description="A contract, in place of a subject.")] = None,
    act: Annotated[ActName | None, Query(description="Only this act.")] = None,
    since: Annotated[Moment | None, Query(description="Not before this moment.")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List what was done about a subject, or about a contract and its referral, in order."""
    if (subject is None) == (contract is None):
        raise invalid_field("query.subject", "give a subject or a contract")
    period = None if since is None and until is None else EffectivePeriod.between(since or EARLIEST, until)
    passed = number_of(cursor)
    trace = request.session.trace
    if subject is not None:
        rows = trace.rows(subject, period=period, act=act)
    else:
        rows = trace.rows_of_contract(contract or "", period=period, act=act)
    items = [TraceRowAnswer.of(row, request.calendar) for row in islice(rows, passed, passed + limit + 1)]
    return request.answered(page_of(items, limit, lambda _: str(passed + limit)))
