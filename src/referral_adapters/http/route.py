"""The route of an endpoint: it authenticates the caller, hands the request on, and turns every error into a problem."""

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
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive

from referral_adapters.http.authentication import PUBLIC, Caller, NotAuthenticated
from referral_adapters.http.endpoint import SMALL, Endpoint
from referral_adapters.http.headers import preferred_language
from referral_adapters.http.monitoring import LOG, Answered
from referral_adapters.http.problems import problem_of
from referral_adapters.http.queue import WorkQueue
from referral_adapters.http.request import ServiceRequest
from referral_adapters.http.service import Service
from referral_adapters.http.timing import wait_for_interval
from referral_adapters.wire.json_text import read_bounded, without_mark
from referral_core.entities.actor import Role
from referral_core.programme.files import shipped_languages
from referral_core.rules.permissions import permit_role
from referral_core.session import ACTS
from referral_core.values.errors import Reason, Refusal

_REQUEST_ID: Final = re.compile(r"[0-9A-Za-z_.:-]{1,100}", re.ASCII)
_DIGITS: Final = 12
CLIENT_LEFT: Final = 499
"""The status of a request whose client left before its end, as servers log it; nobody gets it."""
_LANGUAGES: Final = ("en", *sorted(set(shipped_languages()) - {"en"}))

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class EndpointRoute(APIRoute):
    """Answers the requests to one endpoint of one service, under whatever prefix the host has put it."""

    service: ClassVar[Service]
    served: ClassVar[Endpoint]
    queues: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, WorkQueue]]

    @classmethod
    def of(cls, service: Service, endpoint: Endpoint) -> type[EndpointRoute]:
        """Return the route class of an endpoint."""
        return type("ServedRoute", (cls,), {"service": service, "served": endpoint, "queues": WeakKeyDictionary()})

    def get_route_handler(self) -> Handler:
        """Return the coroutine function that answers requests."""
        handler = self._directly if self.served.quick else super().get_route_handler()
        if self.served.judges:
            return self._judging(handler)

        async def handle(request: Request) -> Response:
            started, request_id = perf_counter(), _request_id(request)
            role: Role | None = None
            keeps_time = False
            try:
                # Before the body is read: a caller without permission must not learn what a body has to be.
                caller = self._caller(request)
                role = caller.actor.role
                prepared = self._prepared(request, caller)
                if self.body_field is not None and _is_json(request.headers.get("content-type")):
                    await prepared.read()  # before FastAPI, whose errors would say less about broken JSON
                response = await handler(prepared)
                keeps_time = self.served.limited and role is Role.CUSTOMER
            except ClientDisconnect:  # in the middle of a body: there is nobody left to answer
                response = Response(status_code=CLIENT_LEFT)
            except Exception as error:  # noqa: BLE001 - the outermost place: no caller sees a traceback
                response = self._problem(error, request, request_id)
                # What is not there is found out sooner than what is not theirs (A6).
                keeps_time = role is not None and response.status_code == HTTPStatus.FORBIDDEN
            if keeps_time and self.service.answer_interval:
                await wait_for_interval(started, self.service.answer_interval)
            response.headers["X-Request-ID"] = request_id
            self._observe(request_id, role, response.status_code, perf_counter() - started)
            return response

        return handle

    def _judging(self, handler: Handler) -> Handler:
        """Return the coroutine function that answers whether the service works, without any part that it judges.

        It asks neither the host's authentication nor its clock, and needs no thread of those that requests share.
        """

        async def handle(request: Request) -> Response:
            started, request_id = perf_counter(), _request_id(request)
            request.state.service = self.service
            try:
                response = await handler(request)
            except Exception as error:  # noqa: BLE001 - the outermost place: no caller sees a traceback
                response = self._problem(error, request, request_id)
            response.headers["X-Request-ID"] = request_id
            self._observe(request_id, None, response.status_code, perf_counter() - started)
            return response

        return handle

    def _observe(self, request_id: str, role: Role | None, status: int, seconds: float) -> None:
        answered = Answered(
            request_id=request_id, endpoint=self.served.name, role=role, status=status, seconds=round(seconds, 6)
        )
        for observe in self.service.observers:
            observe(answered)

    async def _directly(self, request: Request) -> Response:
        """Read the body and call the endpoint: all that FastAPI would do for an endpoint with a body and nothing else.

        The most frequent request costs half as much this way.
        """
        if not _is_json(request.headers.get("content-type")):
            raise RequestValidationError([{"type": "json_type", "loc": ("body",), "msg": "must be JSON"}])
        assert self.served.body_model is not None
        try:
            body = self.served.body_model.model_validate(await request.json())
        except ValidationError as error:
            raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from None
        return await self._queue().do(partial(self.endpoint, request.state.referral, body))

    def _queue(self) -> WorkQueue:
        # One for each event loop, as a test or a host may run several: a future belongs to the loop that made it.
        loop = asyncio.get_running_loop()
        queue = self.queues.get(loop)
        if queue is None:
            queue = self.queues[loop] = WorkQueue()
        return queue

    def _caller(self, request: Request) -> Caller:
        """Return the caller of a request, if the endpoint is open to them.

        :raises NotAuthenticated: there is no token where one is needed, or it does not hold.
        :raises Refusal: ``not-allowed``.
        """
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
        return caller

    def _prepared(self, request: Request, caller: Caller) -> _JsonRequest:
        limited = _JsonRequest(request.scope, _LimitedReceive(request.receive, request, self.served.largest))
        limited.state.referral = ServiceRequest(self.service, caller, limited, self.service.clock())
        return limited

    def _problem(self, error: Exception, request: Request, request_id: str) -> Response:
        problem = problem_of(error)
        if problem.status is HTTPStatus.INTERNAL_SERVER_ERROR:
            LOG.error("defect", exc_info=error, extra={"request_id": request_id, "endpoint": self.served.name})
        elif problem.status is HTTPStatus.SERVICE_UNAVAILABLE:
            LOG.warning("unavailable", exc_info=error, extra={"request_id": request_id, "endpoint": self.served.name})
        return problem.response(preferred_language(request.headers.get("accept-language"), _LANGUAGES))


class _JsonRequest(Request):
    """A request whose JSON is read as strictly as the lines of a feed."""

    async def json(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the value of the body; a byte-order mark before it is skipped.

        :raises JsonInvalid: the body is not proper JSON.
        """
        if not hasattr(self, "_json"):
            content = without_mark(await self.body())
            if len(content) > SMALL:  # in a thread, so that other requests are answered meanwhile
                self._json = await run_in_threadpool(read_bounded, content)
            else:
                self._json = read_bounded(content)
        return self._json

    async def read(self) -> None:
        """Read the body, if there is one."""
        if await self.body():
            await self.json()


class _LimitedReceive:
    """Receives a body of at most ``largest`` bytes."""

    def __init__(self, receive: Receive, request: Request, largest: int) -> None:
        self._receive, self._left = receive, largest
        # A body that announces its excess is refused before its first byte; one that does not, at the first byte above.
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
