"""The start: picking a person in place of signing in, and choosing a language."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.catalogue import LANGUAGES
from examples.portal.navigation import sections
from examples.portal.people import STAFF, Person
from examples.portal.visit import Anybodys
from examples.portal.world import PORTAL, World
from referral_core import CodeStatus

router = APIRouter()


@router.get("/")
def start(visit: Anybodys) -> Response:
    """Show who can be picked, and how the codes of customers stand."""
    customers = visit.world.people.customers()
    statuses = {person.id: _code_status(visit.world, person) for person in customers}
    return visit.page("start.html", staff=STAFF, customers=customers, statuses=statuses)


@router.post("/person")
def pick(visit: Anybodys) -> Response:
    """Go on as the person who was picked, or as nobody in particular."""
    person = visit.world.people.find(visit.fields.get("person", ""))
    visit.become(person)
    return visit.go(sections(person)[0].path)


@router.post("/language")
def choose_language(visit: Anybodys) -> Response:
    """Go on in another language, on the same page."""
    language = visit.fields.get("language", "")
    if language in LANGUAGES:
        visit.speak(language)
    return visit.back()


def _code_status(world: World, person: Person) -> CodeStatus | None:
    """Return how the first code stands that one of the customer's accounts has at present; ``None`` without any."""
    session = world.ask(PORTAL)
    for account in session.accounts.of_customer(person.id):
        code = session.codes.present(account)
        if code is not None:
            return code.status_at(world.clock.now)
    return None
