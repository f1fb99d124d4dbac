"""One request of somebody at a browser: who they are, what they sent, and how they are answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from examples.portal.catalogue import LANGUAGES, Texts, preferred
from examples.portal.complaint import Complaint
from examples.portal.navigation import sections
from examples.portal.pages import PAGES
from examples.portal.people import Person
from examples.portal.session import Content, new_session
from examples.portal.world import World
from referral_core import Role
from referral_core.programme.messages import Messages


class NotYours(Exception):
    """A page that is not for whoever asked for it."""


class Visit:
    """What a page needs to know of the request it answers, and the ways of answering it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.world: World = request.app.state.world
        self.session: Content = request.scope["session"]
        self.person: Person | None = self.world.people.find(self.session.get("person", ""))

    @property
    def language(self) -> str:
        """The language that was chosen, else the one that the browser asks for."""
        chosen = self.session.get("language")
        return chosen if chosen in LANGUAGES else preferred(self.request.headers.get("accept-language", ""))

    @property
    def texts(self) -> Texts:
        """The texts in the language of the visit."""
        return Texts.of(self.language)

    @property
    def origin(self) -> str:
        """Where browsers find the portal, such as ``http://127.0.0.1:8000``."""
        return f"{self.request.url.scheme}://{self.request.url.netloc}"

    @property
    def wants_json(self) -> bool:
        """Tell whether a script of the page asks, not the browser itself."""
        return self.request.headers.get("accept") == "application/json"

    @property
    def fields(self) -> Mapping[str, str]:
        """What the form holds that was sent, without blanks around it."""
        return {name: value.strip() for name, value in self.request.state.fields.items()}

    def someone(self) -> Person:
        """Return who is here; for pages that are only for somebody."""
        if self.person is None:
            raise NotYours
        return self.person

    def speak(self, language: str) -> None:
        """Choose a language for this session."""
        self.session["language"] = language

    def become(self, person: Person | None) -> None:
        """Go on as somebody else, in a session with a new token."""
        kept = {name: self.session[name] for name in ("language", "notes") if name in self.session}
        self.session.clear()
        self.session.update(new_session(**kept))
        if person is not None:
            self.session["person"] = person.id
        self.person = person

    def note(self, key: str, **values: object) -> None:
        """Have the next page begin with a note, such as that something was done."""
        self.session["notes"] = [*self.session.get("notes", ()), self.texts(key, **values)]

    def page(
        self, template: str, *, status: int = 200, complaint: Complaint | None = None, **context: object
    ) -> HTMLResponse:
        """Answer with a page; a ``complaint`` is shown at its field and at the top."""
        calendar = self.world.programme.calendar
        shared = {
            "visit": self,
            "t": self.texts,
            "messages": Messages.for_language(self.language),
            "language": self.language,
            "languages": LANGUAGES,
            "person": self.person,
            "sections": sections(self.person),
            "path": self.request.url.path,
            "here": _here(self.request),
            "token": self.session["token"],
            "notes": self.session.pop("notes", ()),
            "now": calendar.local(self.world.clock.now),
            "day_of": calendar.day_of,
            "complaint": complaint,
        }
        return HTMLResponse(PAGES.get_template(template).render({**shared, **context}), status_code=status)

    def go(self, path: str) -> Response:
        """Answer with another page, to be fetched from a path of the portal."""
        return RedirectResponse(path, status_code=303)

    def back(self) -> Response:
        """Answer with the page that the form stood on, as its field ``here`` says."""
        here = self.fields.get("here", "/")
        is_ours = here.startswith("/") and not here.startswith(("//", "/\\"))
        return self.go(here if is_ours else "/")


def _here(request: Request) -> str:
    """Return the address of the page, for forms that lead back to it; of a page that answers a form, the start."""
    if request.method != "GET":
        return "/"
    query = f"?{request.url.query}" if request.url.query else ""
    return quote(request.url.path, safe="/-") + query


def visit(request: Request) -> Visit:
    """Return the visit that a request is."""
    return Visit(request)


def only(*roles: Role) -> Callable[[Request], Visit]:
    """Return what lets a page be seen by some roles alone; anybody else is told that it is not theirs."""

    def visit_of_theirs(request: Request) -> Visit:
        found = Visit(request)
        if found.someone().role not in roles:
            raise NotYours
        return found

    return visit_of_theirs


STAFF: Any = only(Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR)

Anybodys = Annotated[Visit, Depends(visit)]
"""A visit to a page that is for everybody."""
Customers = Annotated[Visit, Depends(only(Role.CUSTOMER))]
"""A visit to a page for customers."""
Staffs = Annotated[Visit, Depends(STAFF)]
"""A visit to a page for everybody of the staff."""
Administrators = Annotated[Visit, Depends(only(Role.ADMINISTRATOR))]
"""A visit to a page for administrators."""
