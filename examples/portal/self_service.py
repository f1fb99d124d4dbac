"""Self-service: a customer's code, passing it on, and what comes of it (C11, T1, T2)."""

from __future__ import annotations

from typing import Final, Self
from urllib.parse import quote

import attrs
from fastapi import APIRouter, HTTPException
from fastapi.responses import JSONResponse, Response
from markupsafe import Markup

from examples.portal.catalogue import LANGUAGES
from examples.portal.people import Person
from examples.portal.visit import Customers, Visit
from examples.portal.world import World
from referral_adapters.qr import qr_svg
from referral_core import CodeStatus, Decision, PromoCode
from referral_core.entities.balance import Movement
from referral_core.programme.settings import SharingText
from referral_core.services.accounts import AccountView, ReferralView

router = APIRouter(prefix="/me")

MEANS: Final = frozenset({"app", "link", "e-mail", "sms", "qr"})
"""The means of sharing on this page."""


@router.get("")
def my_code(visit: Customers, account: str | None = None, share: str | None = None) -> Response:
    """Show the customer's code, its sharing text in the chosen language, and what came of it."""
    person, world = visit.someone(), visit.world
    accounts = world.ask(person.actor).accounts.of_customer(person.id)
    chosen = account or next(iter(accounts), None)
    mine = None if chosen is None else MyAccount.of(world, person, chosen)
    language = share if share in LANGUAGES else visit.language
    text = None
    if mine is not None and mine.shareable is not None:
        text = passed_on(world, person, mine.shareable, language, visit.origin)
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
    """Record a sharing of a code, and return the number of sharings so far; many at once have to wait."""
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
    """Return the links that open an e-mail or a message with the sharing text."""
    body = quote(f"{text.text}\n{text.url}", safe="")
    return {"e-mail": f"mailto:?subject={quote(text.title, safe='')}&body={body}", "sms": f"sms:?&body={body}"}


@attrs.frozen(kw_only=True)
class MyAccount:
    """An account of the customer: its latest code, its referrals, and the movements of its discount.

    ``worth`` says what the code gives to both sides today; ``None`` when there is none.
    """

    view: AccountView
    code: PromoCode | None
    status: CodeStatus | None
    worth: Decision | None
    referrals: tuple[ReferralView, ...]
    movements: tuple[Movement, ...]

    @classmethod
    def of(cls, world: World, person: Person, account: str) -> Self:
        """Return an account as its customer sees it.

        :raises Refusal: ``not-allowed`` when it is not theirs.
        """
        session = world.ask(person.actor)
        view = session.accounts.show(account)
        code = view.codes[-1] if view.codes else None
        return cls(
            view=view,
            code=code,
            status=None if code is None else code.status_at(world.clock.now),
            worth=None if code is None else session.codes.check(code.text),
            referrals=session.accounts.referrals(account),
            movements=tuple(reversed(session.accounts.movements(account))),
        )

    @property
    def shareable(self) -> PromoCode | None:
        """The code, if it is active and can be shared."""
        return self.code if self.status is CodeStatus.ACTIVE else None


def passed_on(world: World, person: Person, code: PromoCode, language: str, origin: str) -> SharingText:
    """Return the sharing text of one's own code in a language, with a link to this portal."""
    session = world.ask(person.actor)
    session.codes.present(code.account)  # which shows the code, so that it does not count as a guess
    text = session.sharing.text(code.text, language=language)
    path = "/".join(text.url.split("/")[3:])
    return attrs.evolve(text, url=f"{origin}/{path}")
