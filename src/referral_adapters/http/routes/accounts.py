"""Accounts: their codes, what sharing brought, and their discount (C11, T1, T2)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from referral_adapters.http.asking import Asked, Asking
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.models.accounts import (
    AccountAnswer,
    AccountsAnswer,
    ActivityAnswer,
    MovementAnswer,
    MovementsAnswer,
    ReferralSeenAnswer,
)
from referral_adapters.http.models.answer import PageAnswer
from referral_adapters.http.models.codes import CodeAnswer
from referral_adapters.http.models.fields import Id
from referral_adapters.http.models.pages import Cursor, Limit, numbered, page_of
from referral_adapters.http.models.requests import Sharing
from referral_adapters.http.models.sharings import FiguresAnswer, SharingTextAnswer
from referral_adapters.qr import qr_svg
from referral_core.entities.promo_code import PromoCode
from referral_core.programme.sharing_template import SharingText
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason


def list_accounts(asked: Asked, customer: Annotated[Id | None, Query()] = None) -> Response:
    """List the accounts of a customer; a customer's own without saying whose."""
    of = customer or (asked.actor.id if asked.caller.is_customer else "")
    accounts = asked.session.accounts.of_customer(of)
    admitted = asked.caller.accounts
    return asked.answered(AccountsAnswer(items=[each for each in accounts if admitted is None or each in admitted]))


def get_account(asked: Asked, account: Id) -> Response:
    """Show an account: its contracts, codes, figures and balance."""
    asked.caller.enter(account)
    view = asked.session.accounts.show(account)
    return asked.answered(AccountAnswer.of(view, asked.at, asked.calendar, to_customer=asked.caller.is_customer))


def get_code(asked: Asked, account: Id) -> Response:
    """Show the present code of an account, or its last one (C11)."""
    code = _code(asked, account)
    return asked.answered(CodeAnswer.of(code, asked.at, asked.calendar, to_customer=asked.caller.is_customer))


def get_sharing_text(asked: Asked, account: Id) -> Response:
    """Show title, text and link for share sheets, in the language the caller likes best (T1)."""
    text = _text(asked, account)
    return asked.answered(SharingTextAnswer(title=text.title, text=text.text, url=text.url, language=asked.language))


def get_qr_code(asked: Asked, account: Id) -> Response:
    """Draw the sharing link as a QR code (T1)."""
    return Response(
        qr_svg(_text(asked, account).url), media_type="image/svg+xml", headers={"Cache-Control": "no-store"}
    )


def record_sharing(asked: Asked, account: Id, body: Sharing) -> Response:
    """Record that the account's code was passed on by some means (T2); return what sharing brought so far."""
    asked.caller.enter(account)

    def act() -> FiguresAnswer:
        asked.session.sharing.share(_code(asked, account).text, means=body.means)
        return _figures(asked, account)

    return asked.done(body, act)


def get_figures(asked: Asked, account: Id) -> Response:
    """Show how often the account's code was sent and used, what it earned and what is on the way (T2)."""
    asked.caller.enter(account)
    return asked.answered(_figures(asked, account))


def list_referrals(asked: Asked, account: Id, *, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """List the account's referrals, on either side; customers are not told who their friends are (T2)."""
    asked.caller.enter(account)
    found = asked.session.accounts.referrals(account, after=cursor, limit=limit + 1)
    page = page_of(list(found), limit, lambda last: last.place)
    return asked.answered(
        PageAnswer[ReferralSeenAnswer](
            items=[ReferralSeenAnswer.of(seen, asked.calendar) for seen in page.items], next=page.next
        )
    )


def list_movements(asked: Asked, account: Id) -> Response:
    """List what moved on the account's discount: grants, bills, transfers, in order."""
    asked.caller.enter(account)
    movements = asked.session.accounts.movements(account)
    return asked.answered(MovementsAnswer(items=[MovementAnswer.of(each, asked.calendar) for each in movements]))


def list_activity(asked: Asked, account: Id, *, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """List what was done about the account, newest first, for the timeline of a consumer profile."""
    asked.caller.enter(account)
    after = numbered(cursor)
    found = asked.session.accounts.activity(account, after=after, limit=limit + 1)
    items = [ActivityAnswer.of(each, asked.calendar) for each in found]
    return asked.answered(page_of(items, limit, lambda last: str(last.number)))


def _code(asked: Asking, account: str) -> PromoCode:
    asked.caller.enter(account)
    code = asked.session.codes.present(account)
    if code is None:
        raise Refusal(Reason.CODE_UNKNOWN, message=f"account {account} has no code", field="account")
    return code


def _text(asked: Asking, account: str) -> SharingText:
    code = _code(asked, account)
    return asked.session.sharing.text(code.text, language=asked.language)


def _figures(asked: Asking, account: str) -> FiguresAnswer:
    return FiguresAnswer.of(asked.session.sharing.figures(account))


_TAG: Final = "accounts"
_SEEN: Final = "account.show"
ENDPOINTS: Final = (
    Endpoint(method="GET", path="/accounts", does=list_accounts, act=_SEEN, answer=AccountsAnswer, tag=_TAG),
    Endpoint(method="GET", path="/accounts/{account}", does=get_account, act=_SEEN, answer=AccountAnswer, tag=_TAG),
    Endpoint(
        method="GET", path="/accounts/{account}/code", does=get_code, act="code.present", answer=CodeAnswer, tag=_TAG
    ),
    Endpoint(
        method="GET",
        path="/accounts/{account}/sharing-text",
        does=get_sharing_text,
        act="sharing.text",
        answer=SharingTextAnswer,
        tag=_TAG,
    ),
    Endpoint(
        method="GET",
        path="/accounts/{account}/qr-code",
        does=get_qr_code,
        act="sharing.text",
        media_type="image/svg+xml",
        tag=_TAG,
    ),
    Endpoint(
        method="POST",
        path="/accounts/{account}/sharings",
        does=record_sharing,
        act="code.shared",
        answer=FiguresAnswer,
        tag=_TAG,
    ),
    Endpoint(
        method="GET",
        path="/accounts/{account}/figures",
        does=get_figures,
        act="sharing.figures",
        answer=FiguresAnswer,
        tag=_TAG,
    ),
    Endpoint(
        method="GET",
        path="/accounts/{account}/referrals",
        does=list_referrals,
        act=_SEEN,
        answer=PageAnswer[ReferralSeenAnswer],
        tag=_TAG,
    ),
    Endpoint(
        method="GET",
        path="/accounts/{account}/movements",
        does=list_movements,
        act=_SEEN,
        answer=MovementsAnswer,
        tag=_TAG,
    ),
    Endpoint(
        method="GET",
        path="/accounts/{account}/activity",
        does=list_activity,
        act="account.activity",
        answer=PageAnswer[ActivityAnswer],
        tag=_TAG,
    ),
)
