"""Endpoints: a method and a path, the act that it asks for, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import attrs
from pydantic import BaseModel
from starlette.responses import Response

from referral_adapters.http.models.problem import MEDIA_TYPE, Problem
from referral_core.entities.act import Act
from referral_core.entities.actor import Role
from referral_core.rules.permissions import LEAST_ROLE

SMALL: Final = 64 * 1024
"""The bytes that the body of a request may have."""

_WHEN: Final = {
    HTTPStatus.BAD_REQUEST: "The body is no JSON.",
    HTTPStatus.UNAUTHORIZED: "No token, or one that does not hold.",
    HTTPStatus.FORBIDDEN: "The caller's role, accounts or segments do not admit it (A1).",
    HTTPStatus.NOT_FOUND: "There is no such thing.",
    HTTPStatus.CONFLICT: "A rule says no, or others were at the same things.",
    HTTPStatus.PRECONDITION_FAILED: "It was changed since it was read.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A field is not a proper one.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many checks in too short a time (A4).",
    HTTPStatus.SERVICE_UNAVAILABLE: "The store, or billing, cannot be used at this moment.",
}
_ALWAYS: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_CHANGING: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


@attrs.frozen(kw_only=True)
class Endpoint:
    """One thing that can be asked for over HTTP.

    ``act`` names the permission it needs: the least role of :data:`~referral_core.rules.permissions.LEAST_ROLE`; where
    there is none, it is for everybody. ``public`` is what may be asked without a token.
    """

    method: str
    path: str
    does: Callable[..., Response]
    act: Act | None
    answer: Any = None
    media_type: str = "application/json"
    status: HTTPStatus = HTTPStatus.OK
    public: bool = False
    edits: bool = False
    limited: bool = False
    body: type[BaseModel] | None = None
    largest: int = SMALL
    tag: str = ""

    @property
    def least_role(self) -> Role | None:
        """The least role that may ask, ``None`` for everybody."""
        return None if self.act is None else LEAST_ROLE[self.act]

    @property
    def name(self) -> str:
        """What the endpoint is called in the OpenAPI document."""
        return self.does.__name__.replace("_", "-")

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.does.__doc__ or "").strip().splitlines()[0]

    def responses(self) -> dict[int | str, dict[str, Any]]:
        """Return what the OpenAPI document says of the problems that may be answered."""
        statuses = [*_ALWAYS, *(_CHANGING if self.method != "GET" else ())]
        statuses += [HTTPStatus.PRECONDITION_FAILED] if self.edits else []
        statuses += [HTTPStatus.TOO_MANY_REQUESTS] if self.limited else []
        schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
        problems: dict[int | str, dict[str, Any]] = {
            int(status): {"description": _WHEN[status], "content": {MEDIA_TYPE: {"schema": schema}}}
            for status in sorted(set(statuses))
        }
        if self.answer is None and self.media_type != "application/json":
            problems[int(self.status)] = {"content": {self.media_type: {"schema": {"type": "string"}}}}
        return problems
