"""Accounts, where a request asks for more than an act: whose they are, the code's last state, what is passed on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from referral_adapters.http.asking import Asked, Asking
from referral_adapters.http.formats import format_of
from referral_adapters.http.models.accounts import AccountsAnswer
from referral_adapters.http.models.fields import Id
from referral_adapters.http.models.sharings import SharingTextAnswer
from referral_adapters.http.problems import improper
from referral_adapters.qr import qr_svg
from referral_core.entities.promo_code import PromoCode
from referral_core.programme.settings import SharingText
from referral_core.session import ACTS
from referral_core.values.errors import Reason, Refusal


def list_accounts(asked: Asked, customer: Annotated[Id | None, Query()] = None) -> Response:
    """List the accounts of a customer; a customer's own without saying whose."""
    of = customer or (asked.actor.id if asked.caller.is_customer else None)
    if of is None:
        raise improper("query.customer", "say whose accounts: only a customer need not")
    accounts = asked.session.accounts.of_customer(of)
    admitted = asked.caller.accounts
    return asked.answered(AccountsAnswer(items=[each for each in accounts if admitted is None or each in admitted]))


def get_code(asked: Asked, account: Id) -> Response:
    """Show the present code of an account, or its last one."""
    asked.caller.enter(account)
    code = asked.session.codes.present(account)
    if code is None:
        code = next(reversed(asked.service.store.promo_codes.of_account(account)), None)
    return asked.answered(format_of(ACTS["code.present"]).shown(_some(code, account), asked, {}))


def get_sharing_text(asked: Asked, account: Id) -> Response:
    """Show title, text and link for share sheets, in the language the caller likes best."""
    text = _text(asked, account)
    return asked.answered(SharingTextAnswer(title=text.title, text=text.text, url=text.url, language=asked.language))


def get_qr_code(asked: Asked, account: Id) -> Response:
    """Draw the sharing link as a QR code."""
    return Response(
        qr_svg(_text(asked, account).url), media_type="image/svg+xml", headers={"Cache-Control": "no-store"}
    )


def present_code(asked: Asking, account: str) -> str:
    """Return the text of the code that an account has now, in place of which the account is named."""
    asked.caller.enter(account)
    return _some(asked.session.codes.present(account), account).text


def _some(code: PromoCode | None, account: str) -> PromoCode:
    if code is None:
        raise Refusal(Reason.CODE_UNKNOWN, message=f"account {account} has no code", field="account")
    return code


def _text(asked: Asking, account: str) -> SharingText:
    return asked.session.sharing.text(present_code(asked, account), language=asked.language)
