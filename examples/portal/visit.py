"""A request and its answer: who asks, what they may see, the page, and the complaint about what was refused (S6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final
from unicodedata import normalize
from urllib.parse import quote

import attrs
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from examples.portal.catalogue import LANGUAGES, Texts, preferred
from examples.portal.people import Person
from examples.portal.security import Content, new_session
from examples.portal.world import World
from referral_core import Asker, CodeRefused, Refusal, Role
from referral_core.programme.messages import Messages

_CUSTOMERS: Final[frozenset[Role | None]] = frozenset({Role.CUSTOMER})
_STAFF: Final[frozenset[Role | None]] = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR})
PAGES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates", encoding="utf-8"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
"""The templates; a template that uses an unknown name fails."""


class WrongRole(Exception):
    """The refusal of a page that is for other roles."""


class Visit:
    """One request: who asks, in which language, with which form; and the ways of answering it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.session: Content = request.scope["session"]
        everybodys: World = request.app.state.world
        self.person: Person | None = everybodys.people.find(self.session.get("person", ""))
        address = None if request.client is None else request.client.host
        self.world = everybodys.asked_by(Asker(None if self.person is None else self.person.actor, address))

    @property
    def language(self) -> str:
        """The chosen language, else the one that the browser asks for."""
        chosen = self.session.get("language")
        return chosen if chosen in LANGUAGES else preferred(self.request.headers.get("accept-language", ""))

    @property
    def texts(self) -> Texts:
        """The texts in the language of the visit."""
        return Texts.of(self.language)

    @property
    def origin(self) -> str:
        """The address of the portal, such as ``http://127.0.0.1:8000``."""
        return f"{self.request.url.scheme}://{self.request.url.netloc}"

    @property
    def wants_json(self) -> bool:
        """Tell whether a script of the page asks, not the browser itself."""
        return self.request.headers.get("accept") == "application/json"

    @property
    def fields(self) -> Mapping[str, str]:
        """The fields of the form that was sent, without outer blanks, in the Unicode form of ids and names."""
        return {name: normalize("NFC", value.strip()) for name, value in self.request.state.fields.items()}

    def someone(self) -> Person:
        """Return the person of the visit, for pages that need one."""
        if self.person is None:
            raise WrongRole
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
        """Put a note at the top of the next page, for example that an act was done."""
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
        """Answer with a redirection to another page of the portal."""
        return RedirectResponse(path, status_code=303)

    def back(self) -> Response:
        """Answer with a redirection to the page of the form, by its field ``here``."""
        here = self.fields.get("here", "/")
        is_ours = here.startswith("/") and not here.startswith(("//", "/\\"))
        return self.go(here if is_ours else "/")


def _here(request: Request) -> str:
    """Return the address of the page for its forms to lead back to; the start for a page that answers a form."""
    if request.method != "GET":
        return "/"
    query = f"?{request.url.query}" if request.url.query else ""
    return quote(request.url.path, safe="/-") + query


def visit(request: Request) -> Visit:
    """Return the visit of a request."""
    return Visit(request)


def only(*roles: Role) -> Callable[[Request], Visit]:
    """Return the dependency that admits some roles only."""

    def visit_of_theirs(request: Request) -> Visit:
        found = Visit(request)
        if found.someone().role not in roles:
            raise WrongRole
        return found

    return visit_of_theirs


Anybodys = Annotated[Visit, Depends(visit)]
"""A visit to a page that is for everybody."""
Customers = Annotated[Visit, Depends(only(Role.CUSTOMER))]
"""A visit to a page for customers."""
Staffs = Annotated[Visit, Depends(only(Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR))]
"""A visit to a page for everybody of the staff."""
Administrators = Annotated[Visit, Depends(only(Role.ADMINISTRATOR))]
"""A visit to a page for administrators."""


@attrs.frozen
class Complaint:
    """A complaint: sentences, for staff the reasons too, and the ``field`` that it is about."""

    sentences: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    field: str | None = None

    @classmethod
    def of(cls, refusal: Refusal, person: Person | None, texts: Texts) -> Complaint:
        """Return the complaint about a refusal: every reason for staff, one neutral sentence for customers."""
        messages = Messages.for_language(texts.language)
        if person is not None and not person.is_customer:
            sentences = tuple(messages.staff(reason) for reason in refusal.reasons)
            return cls(sentences, tuple(map(str, refusal.reasons)), refusal.field)
        if isinstance(refusal, CodeRefused):
            return cls((messages.customer(refusal.reasons),), field="code")
        return cls((texts("refused.neutral"),))

    @classmethod
    def about(cls, field: str, sentence: str) -> Complaint:
        """Return a complaint of the portal's own about one field of a form."""
        return cls((sentence,), field=field)


@attrs.frozen
class Section:
    """A part of the portal: its path, the key of its name, and its roles; ``None`` stands for a visitor without a role.

    A section is the present one on every page whose path begins with its own.
    """

    path: str
    name: str
    roles: frozenset[Role | None]


SECTIONS: Final = (
    Section("/me", "navigation.self-service", _CUSTOMERS),
    Section("/sales", "navigation.sales", _STAFF),
    Section("/accounts", "navigation.accounts", _STAFF),
    Section("/administration", "navigation.administration", frozenset({Role.ADMINISTRATOR})),
    Section("/sign-up", "navigation.sign-up", frozenset({None, Role.CUSTOMER})),
)


def sections(person: Person | None) -> tuple[Section, ...]:
    """Return the sections for a person, or for a visitor."""
    role = None if person is None else person.role
    return tuple(section for section in SECTIONS if role in section.roles)
