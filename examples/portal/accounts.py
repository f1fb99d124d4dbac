"""Accounts as staff see them: contracts, the history of codes, issuing and ending, the timeline (C5, C9, C11, P3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.forms import typed_day
from examples.portal.staff import PAGE, StaffSearch, complaint_of, staff_page, typed
from examples.portal.visit import Complaint, Staffs, Visit
from referral_core import Calendar, CodeStatus, PromoCode, Reason, Refusal
from referral_core.services.accounts import AccountView
from referral_core.services.activity import Activity, ActivityCategory

router = APIRouter(prefix="/accounts")
BATCH: Final = 100
"""How many entries are read at a time."""


@router.get("")
def overview(visit: Staffs, q: str = "", page: int = 1) -> Response:
    """Show customers with their accounts by pages, or the results of a search; a single result is opened at once."""
    search, wanted = StaffSearch(visit, q), q.strip()
    if wanted:
        accounts = search.accounts()
        if len(accounts) == 1:
            return visit.go(f"/accounts/{accounts[0]}")
        return staff_page(visit, "accounts.html", found=_with_owners(visit, accounts), q=wanted, page=1, has_more=False)
    first = (max(page, 1) - 1) * PAGE
    # By the customers whom this actor may see: pages that others leave short would tell how many there are.
    everybody = ((each.id, search.accounts_of(each.id)) for each in visit.world.people.customers())
    customers = tuple(islice(filter(lambda each: each[1], everybody), first, first + PAGE + 1))
    shown = [(customer, account) for customer, accounts in customers[:PAGE] for account in accounts]
    return staff_page(visit, "accounts.html", found=shown, q="", page=max(page, 1), has_more=len(customers) > PAGE)


def _with_owners(visit: Visit, accounts: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(viewed(visit, account).customer, account) for account in accounts]


@router.get("/{account}")
def codes(visit: Staffs, account: str) -> Response:
    """Show an account's contracts, and its codes with who issued them, how, and why they ended (C11)."""
    return account_page(visit, account, "account-codes.html", tab="codes", at=visit.world.clock.now)


def account_page(
    visit: Visit, account: str, template: str, *, tab: str, complaint: Complaint | None = None, **context: object
) -> Response:
    """Answer with a page about an account.

    :raises Refusal: ``not-allowed``, ``account-unknown``.
    """
    view = viewed(visit, account)
    return staff_page(
        visit,
        template,
        complaint=complaint,
        view=view,
        siblings=siblings(visit, view),
        tab=tab,
        fields=typed(visit),
        **context,
    )


def viewed(visit: Visit, account: str) -> AccountView:
    """Return an account as it stands.

    :raises Refusal: ``not-allowed``, ``account-unknown``.
    """
    world, actor = visit.world, visit.someone().actor
    return world.ask(actor).accounts.show(account)


def siblings(visit: Visit, view: AccountView) -> tuple[str, ...]:
    """Return the other accounts of the same customer."""
    world, actor = visit.world, visit.someone().actor
    accounts = world.ask(actor).accounts.of_customer(view.customer)
    return tuple(account for account in accounts if account != view.account)


@router.get("/{account}/codes/new")
def issue_form(visit: Staffs, account: str) -> Response:
    """Show the form for a code issued by hand."""
    return _issuing(visit, account)


@router.post("/{account}/codes/new")
def issue(visit: Staffs, account: str) -> Response:
    """Issue a code with a text of choice or a random one; ``replace`` ends the present code (C9)."""
    world, fields, actor = visit.world, visit.fields, visit.someone().actor
    try:
        issued = world.act(actor).codes.issue(
            account, code=fields.get("code") or None, replace="replace" in fields, reason=fields.get("reason")
        )
    except Refusal as refusal:
        field = "replace" if Reason.CODE_OVERLAP in refusal.reasons else "code"
        return _issuing(visit, account, complaint_of(visit, refusal, field, "code", "reason"))
    visit.note("accounts.issued", code=issued.text)
    return visit.go(f"/accounts/{account}")


@router.get("/{account}/codes/{code}/end")
def end_form(visit: Staffs, account: str, code: str) -> Response:
    """Show the form that ends a code."""
    return _ending(visit, account, code)


@router.post("/{account}/codes/{code}/end")
def end(visit: Staffs, account: str, code: str) -> Response:
    """End a code at once, or after a last day in the future (C5, M2)."""
    world, fields, actor = visit.world, visit.fields, visit.someone().actor
    try:
        ends_at = _ends_at(fields.get("ends_at", ""), world.programme.calendar)
        ended = world.act(actor).codes.end(code, ends_at=ends_at, reason=fields.get("reason"))
    except Refusal as refusal:
        return _ending(visit, account, code, complaint_of(visit, refusal, "ends_at", "reason"))
    is_over = ended.status_at(world.clock.now) is CodeStatus.ENDED
    visit.note("accounts.ended" if is_over else "accounts.to-end", code=ended.text)
    return visit.go(f"/accounts/{account}")


def _ends_at(text: str, calendar: Calendar) -> datetime | None:
    """Return the end of the last day in the form; ``None`` for at once."""
    last_day = typed_day(text, "ends_at")
    return None if last_day is None else calendar.end_of(last_day, "ends_at")


def _issuing(visit: Visit, account: str, complaint: Complaint | None = None) -> Response:
    present = _present(visit, account)
    return account_page(visit, account, "account-issue.html", tab="codes", complaint=complaint, present=present)


def _present(visit: Visit, account: str) -> PromoCode | None:
    world, actor = visit.world, visit.someone().actor
    return world.ask(actor).codes.present(account)


def _ending(visit: Visit, account: str, text: str, complaint: Complaint | None = None) -> Response:
    code = next((each for each in viewed(visit, account).codes if each.text == text), None)
    if code is None:
        raise Refusal(Reason.CODE_UNKNOWN, message=f"account {account} never had the code {text}", field="code")
    return account_page(visit, account, "account-end.html", tab="codes", complaint=complaint, code=code)


@router.get("/{account}/activity")
def activity(visit: Staffs, account: str, category: str = "", after: str = "") -> Response:
    """Show the timeline by pages, the newest entry first, of one category if one is chosen."""
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
    """Yield an account's entries after a place, read in batches as they are needed."""
    accounts = visit.world.ask(visit.someone().actor).accounts
    while True:
        batch = accounts.activity(account, after=after, limit=BATCH)
        yield from batch
        if len(batch) < BATCH:
            return
        after = batch[-1].place
