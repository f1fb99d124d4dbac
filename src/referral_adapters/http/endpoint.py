"""Endpoints: a method and a path, the act that it asks for, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final

import attrs
from pydantic import BaseModel
from starlette.responses import Response

from referral_adapters.http.asking import Asking
from referral_adapters.http.bodies import body_of, in_words, summary_of
from referral_adapters.http.examples import ANSWERS, QR_CODE
from referral_adapters.http.formats import format_of
from referral_adapters.http.models.problem import MEDIA_TYPE, Problem
from referral_core.acts import Param
from referral_core.entities.actor import Role
from referral_core.session import ACTS

SMALL: Final = 64 * 1024
"""The bytes that the body of a request may have."""

Adapt = Callable[[Asking, dict[str, Any]], dict[str, Any]]
"""Makes an act's arguments of what a request says."""

_PRINTABLE: Final = "^[ -~]*$"

_WHEN: Final = {
    HTTPStatus.BAD_REQUEST: "The body is no JSON, or has a key twice in one object.",
    HTTPStatus.UNAUTHORIZED: "No token, or one that does not hold.",
    HTTPStatus.FORBIDDEN: "The caller's role, accounts or segments do not admit it.",
    HTTPStatus.NOT_FOUND: "There is no such thing.",
    HTTPStatus.CONFLICT: "A rule says no, or others were at the same things.",
    HTTPStatus.PRECONDITION_FAILED: "It was changed since it was read.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A field is not a proper one.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many checks in too short a time.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The store, or billing, cannot be used at this moment.",
}
_ALWAYS: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_CHANGING: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
_HEADERS: Final = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "A bearer token is asked for (RFC 6750)."},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": "In how many seconds to ask again."},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "In how many seconds to ask again."},
}
_REQUEST_ID: Final = {"X-Request-ID": "The id of the request in the log: the one that was sent, or a new one."}
_TAG: Final = {"ETag": "Identifies what is answered, for `If-Match` and `If-None-Match`."}
_REPLAYED: Final = {"Idempotency-Replayed": "`true` where the answer is that of an earlier request of the same key."}


_PLACE: Final = re.compile(r"\{(\w+)\}")


@attrs.frozen(kw_only=True, eq=False, slots=False)
class Endpoint:
    """One thing that can be asked for over HTTP: a row of the table.

    ``act`` is what it does, and names the permission it needs: the least role of its declaration; where there is none,
    it is for everybody. What it takes, does and answers is read from the act's declaration, unless ``by_hand`` answers
    it. ``example`` is a body. ``shown_by`` names the act that shows what is edited, where that may be guarded by
    ``If-Match``. ``kinds`` says of parts of the path what they are, if no argument of the act says it; ``adapt`` makes
    the act's arguments of what a request says, and those ``made`` so are no fields of the body. ``like`` names another
    act whose body it takes, so that one body can be sent to both.

    ``public`` is what may be asked without a token, ``limited`` what is slowed down, ``largest`` the bytes that a body
    may have. ``keyless`` is what takes no idempotency key, as it may be asked again by its nature. ``quick`` is what is
    asked so often that FastAPI is passed by: it has a body and nothing else. ``body`` says in the OpenAPI document what
    a body is that the endpoint itself reads as it comes.
    """

    method: str
    path: str
    name: str
    tag: str
    act: str | None
    by_hand: Callable[..., Response] | None = None
    answer: Any = attrs.field()
    media_type: str = "application/json"
    status: HTTPStatus = HTTPStatus.OK
    example: Mapping[str, Any] | None = None
    shown_by: str | None = None
    kinds: Mapping[str, Any] = attrs.field(factory=dict)
    made: Collection[str] = ()
    adapt: Adapt | None = None
    like: str | None = None
    public: bool = False
    limited: bool = False
    quick: bool = False
    keyless: bool = False
    largest: int = SMALL
    body: dict[str, Any] | None = None

    @answer.default
    def _answer_of_act(self) -> Any:  # noqa: ANN401 - any type
        return None if self.act is None or self.by_hand is not None else format_of(ACTS[self.act]).model

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The parts of the path that differ from request to request."""
        return tuple(_PLACE.findall(self.path))

    @property
    def fields(self) -> list[Param]:
        """The arguments that a request gives beside its path."""
        act = self.like or self.act
        if act is None or self.by_hand is not None:
            return []
        return [each for each in ACTS[act].fields if each.wire not in self.places and each.name not in self.made]

    @cached_property
    def takes(self) -> type[BaseModel] | None:
        """The model of the body; ``None`` where there is none, or the endpoint reads it by itself."""
        if self.act is None or self.method == "GET" or not self.fields:
            return None
        name = "".join(word.capitalize() for word in self.name.split("-"))
        return body_of(ACTS[self.like or self.act], self.fields, name, self.example)

    @property
    def edits(self) -> bool:
        """Tell whether it may be guarded by ``If-Match``."""
        return self.shown_by is not None

    @property
    def least_role(self) -> Role | None:
        """The least role that may ask, ``None`` for everybody."""
        return None if self.act is None else ACTS[self.act].least

    @property
    def takes_key(self) -> bool:
        """Tell whether it is done once for each idempotency key."""
        return self.method != "GET" and not self.keyless

    @property
    def is_about_accounts(self) -> bool:
        """Tell whether it is open to a token that is limited to some accounts: it looks at which, or is for anybody."""
        return self.public or self.path.partition("/{")[0] == "/accounts"

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        if self.by_hand is None and self.act is not None:
            return summary_of(ACTS[self.act])
        return in_words((self.by_hand.__doc__ or "").partition("\n")[0])

    @property
    def answer_example(self) -> Any:  # noqa: ANN401 - any JSON
        """An answer, as the OpenAPI document shows it."""
        return QR_CODE if self.answer is None else ANSWERS.get(self.name)

    def parameters(self) -> list[dict[str, Any]]:
        """Return what the OpenAPI document says of the headers that a request may have."""
        said = [_header("Accept-Language", "In which languages sentences are liked best.", "en")]
        if self.takes_key:
            what = "A request sent again under its key, by the same caller, is not done again but answered again."
            said.append(_header("Idempotency-Key", what, "0d5b9a2e", minLength=1, maxLength=200, pattern=_PRINTABLE))
        if self.edits:
            what = "The `ETag` under which it was read: it is changed only if it still is what it was."
            said.append(_header("If-Match", what, "*"))
        if self._has_tag and self.method == "GET":
            what = "The `ETag` of what one has already: it is not sent again if it is still the same."
            said.append(_header("If-None-Match", what, '"0"'))
        return said

    def responses(self) -> dict[int | str, dict[str, Any]]:
        """Return what the OpenAPI document says of the answer, by an example, and of the problems that may be."""
        statuses = [*_ALWAYS, *(_CHANGING if self.method != "GET" else ())]
        statuses += [HTTPStatus.PRECONDITION_FAILED] if self.edits else []
        statuses += [HTTPStatus.TOO_MANY_REQUESTS] if self.limited else []
        said: dict[int | str, dict[str, Any]] = {int(self.status): self._answered()}
        if self._has_tag and self.method == "GET":
            said[int(HTTPStatus.NOT_MODIFIED)] = {"description": "It is what the caller has already."}
        return said | {int(status): _problem(status) for status in sorted(set(statuses))}

    @property
    def _has_tag(self) -> bool:
        return self.answer is not None

    def _answered(self) -> dict[str, Any]:
        content = {"schema": {"type": "string"}} if self.answer is None else {}
        names = _REQUEST_ID | (_TAG if self._has_tag else {}) | (_REPLAYED if self.takes_key else {})
        return {"content": {self.media_type: content}, "headers": _headers(names)}


def _problem(status: HTTPStatus) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    content = {MEDIA_TYPE: {"schema": schema}}
    names = _REQUEST_ID | _HEADERS.get(status, {})
    return {"description": _WHEN[status], "content": content, "headers": _headers(names)}


def _headers(names: dict[str, str]) -> dict[str, Any]:
    return {name: {"description": what, "schema": {"type": "string"}} for name, what in names.items()}


def _header(name: str, what: str, example: str, **schema: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON Schema's values
    schema = {"type": "string", **schema}
    return {"name": name, "in": "header", "required": False, "description": what, "schema": schema, "example": example}
