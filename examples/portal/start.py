"""The start page: a person instead of a sign-in, a language, and the clock that every page shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from dateutil.relativedelta import relativedelta
from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.catalogue import LANGUAGES
from examples.portal.people import STAFF, Person
from examples.portal.visit import Anybodys, sections
from examples.portal.world import PORTAL, World
from referral_core import CodeStatus

router = APIRouter()
STEPS: Final = {
    "day": relativedelta(days=1),
    "week": relativedelta(weeks=1),
    "month": relativedelta(months=1),
}


@router.get("/")
def start(visit: Anybodys) -> Response:
    """Show the people who can be picked, customers with the status of their code."""
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
    """Return the status of the first present code on the customer's accounts; ``None`` without any."""
    session = world.ask(PORTAL)
    for account in session.accounts.of_customer(person.id):
        code = session.codes.present(account)
        if code is not None:
            return code.status_at(world.clock.now)
    return None


@router.post("/clock")
def move(visit: Anybodys) -> Response:
    """Move the clock on by a step or to a day, through every night in between."""
    simulation = visit.world.simulation
    day = _wanted(simulation.day, visit.fields)
    if day is None or day <= simulation.day:
        visit.note("clock.not-later")
    else:
        simulation.move_to(day)
        visit.note("clock.moved", day=visit.texts.day(simulation.day))
    return visit.back()


def _wanted(today: date, fields: Mapping[str, str]) -> date | None:
    step = STEPS.get(fields.get("step", ""))
    if step is not None:
        return today + step
    try:
        return date.fromisoformat(fields.get("day", ""))
    except ValueError:
        return None
