"""Endpoints: rows with a method, a path, an act and its answer, and their description in the OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import cached_property
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final

import attrs
from pydantic import BaseModel
from starlette.responses import Response

from referral_adapters.http.answers import Arguments, format_of
from referral_adapters.http.bodies import body_of, in_words, summary_of
from referral_adapters.http.models.answer import MEDIA_TYPE, Problem
from referral_adapters.http.request import ServiceRequest
from referral_core.acts import Param
from referral_core.entities.actor import Role
from referral_core.session import ACTS

SMALL: Final = 64 * 1024
"""The bytes that the body of a request may have, unless its endpoint says otherwise."""

Adapt = Callable[[ServiceRequest, Arguments], Arguments]
"""Makes an act's arguments of a request's."""

ANSWERS: Final[dict[str, Any]] = json.loads(
    files("referral_adapters.http").joinpath("examples.json").read_text("utf-8")
)
"""The examples of answers in the OpenAPI document, each as a service gives it, by the name of the endpoint."""
QR_CODE: Final = '<svg role="img" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 296 296">...</svg>'
_PRINTABLE: Final = "^[ -~]*$"

_WHEN: Final = {
    HTTPStatus.BAD_REQUEST: "The body is not valid JSON, or has a key twice in one object.",
    HTTPStatus.UNAUTHORIZED: "There is no token, or it is not valid.",
    HTTPStatus.FORBIDDEN: "The caller's role, accounts or segments do not permit it.",
    HTTPStatus.NOT_FOUND: "There is no such thing.",
    HTTPStatus.CONFLICT: "A rule refuses it, or a concurrent request changed the same things.",
    HTTPStatus.PRECONDITION_FAILED: "It was changed since it was read.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A field is not valid.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many codes were given in too short a time.",
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
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "The endpoint needs a bearer token (RFC 6750)."},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": "The seconds to wait before the next attempt."},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "The seconds to wait before the next attempt."},
}
_REQUEST_ID: Final = {"X-Request-ID": "The id of the request in the log: the caller's own, or a new one."}
_TAG: Final = {"ETag": "The tag of the answer, for `If-Match` and `If-None-Match`."}
_REPLAYED: Final = {"Idempotency-Replayed": "`true` if the answer is that of an earlier request under the same key."}
_PLACE: Final = re.compile(r"\{(\w+)\}")


@attrs.frozen(kw_only=True, eq=False, slots=False)
class Endpoint:
    """An endpoint: a row of the table.

    ``act`` is the act that the endpoint does, with the permission of its declaration; without an act, the endpoint is
    for everybody. Fields, effect and answer are those of the declaration, unless the endpoint has a ``handler`` of its
    own. ``example`` is a body. ``shown_by`` names the act that shows what this one edits, if the edit may be guarded by
    ``If-Match``. ``kinds`` are the types of those parts of the path that are no argument of the act; ``adapt`` makes
    the act's arguments of the request's, and the arguments ``made`` by it are no fields of the body. ``like`` names
    another act whose body this one takes, so that one body can be sent to both.

    A ``public`` endpoint needs no token, ``largest`` are the bytes that a body may have. A ``keyless`` endpoint takes
    no idempotency key, as repeating it is harmless. A ``quick`` endpoint, with a body and nothing else, is called past
    FastAPI for speed. One that ``judges`` tells whether the service works, and shares nothing with the requests that
    may not. ``body`` describes a body that the handler reads by itself.
    """

    method: str
    path: str
    name: str
    tag: str
    act: str | None
    handler: Callable[..., Response | Awaitable[Response]] | None = None
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
    quick: bool = False
    keyless: bool = False
    judges: bool = False
    largest: int = SMALL
    body: dict[str, Any] | None = None

    @answer.default
    def _answer_of_act(self) -> Any:  # noqa: ANN401 - any type
        return None if self.act is None or self.handler is not None else format_of(ACTS[self.act]).model

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The variable parts of the path."""
        return tuple(_PLACE.findall(self.path))

    @property
    def fields(self) -> list[Param]:
        """The arguments that a request has beside its path."""
        act = self.like or self.act
        if act is None or self.handler is not None:
            return []
        return [each for each in ACTS[act].fields if each.wire not in self.places and each.name not in self.made]

    @cached_property
    def body_model(self) -> type[BaseModel] | None:
        """The model of the body; ``None`` without a body, or if the handler reads it by itself."""
        if self.act is None or self.method == "GET" or not self.fields:
            return None
        name = "".join(word.capitalize() for word in self.name.split("-"))
        return body_of(ACTS[self.like or self.act], self.fields, name, self.example)

    @property
    def edits(self) -> bool:
        """Tell whether the endpoint edits something, which ``If-Match`` can guard."""
        return self.shown_by is not None

    @property
    def least_role(self) -> Role | None:
        """The least role with permission, ``None`` for everybody."""
        return None if self.act is None else ACTS[self.act].least

    @property
    def limited(self) -> bool:
        """Tell whether the endpoint takes codes by their texts, so that it draws on the limit on guessing (A4)."""
        if self.act is None or self.body is not None:
            return self.body is not None  # a body that the handler reads by itself holds other acts, whichever they are
        act = ACTS[self.act]
        given = {*self.places, *(field.wire for field in self.fields)}
        # A question about an account's own code is no guess; to share that code counts (A4).
        return any(not act.reads or act.params[name].wire in given for name in act.codes)

    @property
    def takes_key(self) -> bool:
        """Tell whether the endpoint takes an idempotency key."""
        return self.method != "GET" and not self.keyless

    @property
    def is_about_accounts(self) -> bool:
        """Tell whether the endpoint is open to a token limited to some accounts, which its handler looks at."""
        return self.public or self.path.partition("/{")[0] == "/accounts"

    @property
    def summary(self) -> str:
        """The effect of the endpoint in a sentence."""
        if self.handler is None and self.act is not None:
            return summary_of(ACTS[self.act])
        return in_words((self.handler.__doc__ or "").partition("\n")[0])

    @property
    def answer_example(self) -> Any:  # noqa: ANN401 - any JSON
        """The example of an answer in the OpenAPI document."""
        return QR_CODE if self.answer is None else ANSWERS.get(self.name)

    def parameters(self) -> list[dict[str, Any]]:
        """Return the descriptions of the headers that a request may have, for the OpenAPI document."""
        described = [_header("Accept-Language", "The preferred languages of messages.", "en")]
        if self.takes_key:
            what = "A request repeated under its key by the same caller is not done again; it gets the first answer."
            form = {"minLength": 1, "maxLength": 200, "pattern": _PRINTABLE}
            described.append(_header("Idempotency-Key", what, "0d5b9a2e", **form))
        if self.edits:
            what = "The `ETag` under which the thing was read: it is edited only if it has not changed since."
            described.append(_header("If-Match", what, "*"))
        if self._has_tag and self.method == "GET":
            what = "The `ETag` of an answer that the caller has: it is not sent again if it is still the same."
            described.append(_header("If-None-Match", what, '"0"'))
        return described

    def responses(self) -> dict[int | str, dict[str, Any]]:
        """Return the descriptions of the answer and of the possible problems, for the OpenAPI document."""
        statuses = [*_ALWAYS, *(_CHANGING if self.method != "GET" else ())]
        statuses += [HTTPStatus.PRECONDITION_FAILED] if self.edits else []
        statuses += [HTTPStatus.TOO_MANY_REQUESTS] if self.limited else []
        described: dict[int | str, dict[str, Any]] = {int(self.status): self._answer()}
        if self._has_tag and self.method == "GET":
            described[int(HTTPStatus.NOT_MODIFIED)] = {"description": "The caller has the answer already."}
        return described | {int(status): _problem(status) for status in sorted(set(statuses))}

    @property
    def _has_tag(self) -> bool:
        return self.answer is not None

    def _answer(self) -> dict[str, Any]:
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
