"""Lists that come in pages."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from referral_adapters.http.asking import Asked
from referral_adapters.http.models.accounts import ActivityAnswer, ReferralSeenAnswer
from referral_adapters.http.models.answer import PageAnswer
from referral_adapters.http.models.cases import CaseAnswer
from referral_adapters.http.models.contracts import SignUpAnswer
from referral_adapters.http.models.fields import ActName, Id, Moment, Text
from referral_adapters.http.models.pages import Cursor, Limit, numbered, page_of, placed
from referral_adapters.http.models.trace import TraceRowAnswer
from referral_adapters.http.problems import improper
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.moment import EARLIEST


def list_referrals(asked: Asked, account: Id, *, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """List the account's referrals, on either side; customers are not told who their friends are."""
    asked.caller.enter(account)
    found = asked.session.accounts.referrals(account, after=placed(cursor), limit=limit + 1)
    page = page_of(list(found), limit, lambda last: last.place)
    items = [ReferralSeenAnswer.of(seen, asked.calendar) for seen in page.items]
    return asked.answered(PageAnswer[ReferralSeenAnswer](items=items, next=page.next))


def list_activity(asked: Asked, account: Id, *, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """List what was done about the account, newest first, for the timeline of a consumer profile."""
    asked.caller.enter(account)
    found = asked.session.accounts.activity(account, after=placed(cursor), limit=limit + 1)
    page = page_of(list(found), limit, lambda last: last.place)
    items = [ActivityAnswer.of(each, asked.calendar) for each in page.items]
    return asked.answered(PageAnswer[ActivityAnswer](items=items, next=page.next))


def list_contracts(
    asked: Asked,
    *,
    cursor: Cursor = None,
    limit: Limit = 50,
    open: Annotated[bool, Query(description="Only those that wait for their activation.")] = False,  # noqa: A002
    channel: Annotated[Id | None, Query()] = None,
) -> Response:
    """List sign-ups by the id of the contract, in the caller's segments."""
    found = asked.session.sign_ups.page(after=cursor, limit=limit + 1, open_only=open, channel=channel)
    items = [SignUpAnswer.of(each, asked.calendar) for each in found]
    return asked.answered(page_of(items, limit, lambda last: last.contract.contract))


def list_cases(
    asked: Asked,
    *,
    cursor: Cursor = None,
    limit: Limit = 50,
    open: Annotated[bool, Query(description="Only those that are open.")] = False,  # noqa: A002
) -> Response:
    """List cases by id, in the caller's segments."""
    found = asked.session.cases.page(after=cursor, limit=limit + 1, open_only=open)
    items = [CaseAnswer.of(case, asked.calendar) for case in found]
    return asked.answered(page_of(items, limit, lambda last: last.case))


def list_trace(
    asked: Asked,
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
