"""The start: picking a person in place of signing in, and choosing a language."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.catalogue import LANGUAGES
from examples.portal.navigation import sections
from examples.portal.people import STAFF
from examples.portal.visit import Anybodys

router = APIRouter()


@router.get("/")
def start(visit: Anybodys) -> Response:
    """Show who can be picked."""
    return visit.page("start.html", staff=STAFF, customers=visit.world.people.customers())


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
