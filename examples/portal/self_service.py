"""Self-service: a customer's code, passing it on, and what comes of it (C11, T1, T2)."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, HTTPException
from fastapi.responses import JSONResponse, Response
from markupsafe import Markup

from examples.portal.catalogue import LANGUAGES
from examples.portal.my_account import MyAccount, passed_on
from examples.portal.visit import Customers, Visit
from referral_adapters.qr import qr_svg
from referral_core.programme.settings import SharingText

router = APIRouter(prefix="/me")

MEANS: Final = frozenset({"app", "link", "e-mail", "sms", "qr"})
"""By what means a code is passed on from here."""


@router.get("")
def my_code(visit: Customers, account: str | None = None, share: str | None = None) -> Response:
    """Show the customer's code, how to pass it on in the language chosen for that, and what came of it."""
    person, world = visit.someone(), visit.world
    accounts = world.ask(person.actor).accounts.of_customer(person.id)
    chosen = account or next(iter(accounts), None)
    mine = None if chosen is None else MyAccount.of(world, person, chosen)
    language = share if share in LANGUAGES else visit.language
    text = None
    if mine is not None and mine.shareable is not None:
        text = passed_on(world, person, mine.shareable.text, language, visit.origin)
    return visit.page(
        "self-service.html",
        accounts=accounts,
        mine=mine,
        share=language,
        text=text,
        links={} if text is None else _links(text),
        qr=None if text is None else Markup(qr_svg(text.url)),
    )


@router.post("/share")
def share(visit: Customers) -> Response:
    """Record that a code was passed on, and tell how often it was by now."""
    person, world = visit.someone(), visit.world
    code, means = visit.fields.get("code", ""), visit.fields.get("means", "")
    if means not in MEANS:
        raise HTTPException(422)
    sharing = world.act(person.actor).sharing.share(code, means=means)
    if visit.wants_json:
        return JSONResponse({"sent": _sent(visit, sharing.account)})
    visit.note("self-service.shared")
    return visit.back()


def _sent(visit: Visit, account: str) -> int:
    return visit.world.ask(visit.someone().actor).sharing.figures(account).sent


def _links(text: SharingText) -> dict[str, str]:
    """Return the links that open a letter or a message with the text in it."""
    body = quote(f"{text.text}\n{text.url}", safe="")
    return {"e-mail": f"mailto:?subject={quote(text.title, safe='')}&body={body}", "sms": f"sms:?&body={body}"}
