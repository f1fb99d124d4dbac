"""The route of an endpoint: lets its caller in, hands the request on, and turns whatever goes wrong into a problem."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable, Coroutine
from functools import partial
from http import HTTPStatus
from time import perf_counter
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive

from referral_adapters.http.asking import Asking
from referral_adapters.http.beat import next_beat
from referral_adapters.http.caller import PUBLIC, Caller, NotAuthenticated
from referral_adapters.http.endpoint import SMALL, Endpoint
from referral_adapters.http.languages import preferred
from referral_adapters.http.limits import network_of
from referral_adapters.http.line import Line
from referral_adapters.http.models.problem import ProblemKind
from referral_adapters.http.observing import LOG, Answered
from referral_adapters.http.problems import Trouble, trouble_of
from referral_adapters.http.service import Service
from referral_adapters.wire.json_text import read_json, without_mark
from referral_core.entities.actor import Role
from referral_core.programme.files import shipped_languages
from referral_core.rules.permissions import permit_role
from referral_core.session import ACTS
from referral_core.values.errors import Reason, Refusal

_REQUEST_ID: Final = re.compile(r"[0-9A-Za-z_.:-]{1,100}", re.ASCII)
_DIGITS: Final = 12
_LANGUAGES: Final = ("en", *sorted(set(shipped_languages()) - {"en"}))

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class EndpointRoute(APIRoute):
    """Answers one endpoint of one service, wherever the host has put it."""

    service: ClassVar[Service]
    served: ClassVar[Endpoint]
    lines: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, Line]]

    @classmethod
    def of(cls, service: Service, endpoint: Endpoint) -> type[EndpointRoute]:
        """Return the route class of an endpoint."""
        return type("ServedRoute", (cls,), {"service": service, "served": endpoint, "lines": WeakKeyDictionary()})

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        handler = self._directly if self.served.quick else super().get_route_handler()

        async def handle(request: Request) -> Response:
            started, request_id = perf_counter(), _request_id(request)
            role: Role | None = None
            try:
                caller = self._caller(request)
                role = caller.actor.role
                asked = self._asked(request, caller)
                if self.body_field is not None and _is_json(request.headers.get("content-type")):
                    await asked.read()  # before FastAPI, which would say less of what is wrong
                response = await handler(asked)
                if self.served.limited and role is Role.CUSTOMER and self.service.beat:
                    await next_beat(started, self.service.beat)
            except Exception as error:  # noqa: BLE001 - the edge: nobody outside sees a traceback
                response = self._told(error, request, request_id)
            response.headers["X-Request-ID"] = request_id
            answered = Answered(
                request_id=request_id,
                endpoint=self.served.name,
                role=role,
                status=response.status_code,
                seconds=round(perf_counter() - started, 6),
            )
            for observe in self.service.observers:
                observe(answered)
            return response

        return handle

    async def _directly(self, request: Request) -> Response:
        """Read the body and do what is asked: all that FastAPI would do for an endpoint with a body and nothing else.

        What is asked for most often costs half as much this way.
        """
        if not _is_json(request.headers.get("content-type")):
            raise RequestValidationError([{"type": "json_type", "loc": ("body",), "msg": "must be JSON"}])
        assert self.served.takes is not None
        try:
            body = self.served.takes.model_validate(await request.json())
        except ValidationError as error:
            raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from None
        return await self._line().do(partial(self.endpoint, request.state.referral, body))

    def _line(self) -> Line:
        loop = asyncio.get_running_loop()
        line = self.lines.get(loop)
        if line is None:
            line = self.lines[loop] = Line()
        return line

    def _caller(self, request: Request) -> Caller:
        """Return who asks, if the endpoint is for them."""
        caller = self.service.authenticate(request)
        if caller is None:
            if not self.served.public:
                raise NotAuthenticated("Send a bearer token.")
            caller = Caller(PUBLIC)
        if self.served.act is not None:
            act = ACTS[self.served.act]
            permit_role(caller.actor, act.name, act.least, channels=act.channels)
        if caller.accounts is not None and not self.served.is_about_accounts:
            raise Refusal(Reason.NOT_ALLOWED, message="the token is limited to some accounts", field="actor")
        if self.served.limited:
            self._slow_down(request, caller)
        return caller

    def _slow_down(self, request: Request, caller: Caller) -> None:
        """Refuse for a while whoever asks too often; systems are not limited (A4)."""
        if caller.actor.role is Role.SYSTEM:
            return
        limits, take = self.service.limits, self.service.limiter.take
        wait = take(f"address:{network_of('' if request.client is None else request.client.host)}", limits.per_address)
        if not wait and caller.actor is not PUBLIC:
            wait = take(f"caller:{caller.actor.role}:{caller.actor.id}", limits.per_caller)
        if wait:
            raise Trouble(
                HTTPStatus.TOO_MANY_REQUESTS,
                ProblemKind.TOO_MANY,
                "Too many checks in too short a time.",
                headers={"Retry-After": str(max(1, int(wait + 0.999)))},
            )

    def _asked(self, request: Request, caller: Caller) -> _Reading:
        limited = _Reading(request.scope, _Limited(request.receive, request, self.served.largest))
        limited.state.referral = Asking(self.service, caller, limited, self.service.clock())
        return limited

    def _told(self, error: Exception, request: Request, request_id: str) -> Response:
        trouble = trouble_of(error)
        if trouble.status is HTTPStatus.INTERNAL_SERVER_ERROR:
            LOG.error("defect", exc_info=error, extra={"request_id": request_id, "endpoint": self.served.name})
        elif trouble.status is HTTPStatus.SERVICE_UNAVAILABLE:
            LOG.warning("unavailable", exc_info=error, extra={"request_id": request_id, "endpoint": self.served.name})
        return trouble.response(preferred(request.headers.get("accept-language"), _LANGUAGES))


class _Reading(Request):
    """A request whose JSON is read as every door reads it."""

    async def json(self) -> Any:  # noqa: ANN401 - any JSON
        """Return what the body holds; a byte-order mark before it is skipped.

        :raises JsonInvalid: it is no proper JSON.
        """
        if not hasattr(self, "_json"):
            content = without_mark(await self.body())
            if len(content) > SMALL:  # takes a while, in which others are answered
                self._json = await run_in_threadpool(read_json, content)
            else:
                self._json = read_json(content)
        return self._json

    async def read(self) -> None:
        """Read the body, if there is one."""
        if await self.body():
            await self.json()


class _Limited:
    """Receives a body, up to so many bytes."""

    def __init__(self, receive: Receive, request: Request, largest: int) -> None:
        self._receive, self._left = receive, largest
        length = request.headers.get("content-length", "")
        if length.isdecimal() and (len(length) > _DIGITS or int(length) > largest):
            self._left = -1

    async def __call__(self) -> Message:
        if self._left < 0:
            self._refuse()
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self._refuse()
        return message

    def _refuse(self) -> None:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers={"Connection": "close"})


def _is_json(content_type: str | None) -> bool:
    kind, _, subtype = (content_type or "").partition(";")[0].strip().lower().partition("/")
    return kind == "application" and (subtype == "json" or subtype.endswith("+json"))


def _request_id(request: Request) -> str:
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
