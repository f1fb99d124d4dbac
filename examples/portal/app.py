"""The portal as an application: its pages, its guards, and the world behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from math import ceil
from pathlib import Path
from typing import Final

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from examples.portal import (
    account_discount,
    accounts,
    administration,
    api,
    sales,
    sales_cases,
    sales_conclude,
    self_service,
    sign_up,
    start,
)
from examples.portal.api import PATH, Api
from examples.portal.clock import Clock
from examples.portal.people import People
from examples.portal.security import Hosts, SecurityHeaders, Sessions, UntrustedForm, guard
from examples.portal.visit import Complaint, Visit, WrongRole
from examples.portal.world import World
from referral_core import Reason, Refusal, TooManyCodes

PARTS: Final = (
    start,
    self_service,
    sign_up,
    sales,
    sales_conclude,
    sales_cases,
    accounts,
    account_discount,
    administration,
    api,
)
"""The modules with pages; each has a router."""
THIS_MACHINE: Final = ("127.0.0.1", "localhost")
"""The hosts under which the portal is reached unless others are named."""
STATIC: Final = Path(__file__).parent / "static"


def create_portal(
    url: str, *, clock: Clock, people: People | None = None, hosts: Collection[str] = THIS_MACHINE
) -> FastAPI:
    """Return the portal over a database, with its clock and the people who may be picked.

    ``hosts`` are the names under which it is reached, without ports; requests to any other are refused.
    """
    world = World(url, clock=clock, people=people or People())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        world.close()

    portal = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, dependencies=[Depends(guard)])
    portal.state.world = world
    portal.add_middleware(Sessions)
    portal.add_middleware(SecurityHeaders)
    portal.add_middleware(Hosts, hosts=hosts)  # the outermost: nothing reads a request that is for somebody else
    portal.mount("/static", StaticFiles(directory=STATIC), name="static")
    portal.state.api = Api(world)
    portal.mount(PATH, portal.state.api.app)
    for part in PARTS:
        portal.include_router(part.router)
    _add_error_pages(portal)
    return portal


def _add_error_pages(portal: FastAPI) -> None:
    """Answer every refusal and every error with a page."""

    @portal.exception_handler(Refusal)
    def refused(request: Request, refusal: Refusal) -> Response:
        visit = Visit(request)
        complaint = Complaint.of(refusal, visit.person, visit.texts)
        status = 403 if Reason.NOT_ALLOWED in refusal.reasons else 409
        return visit.page("wrong.html", status=status, complaint=complaint, kind="refused")

    @portal.exception_handler(TooManyCodes)
    def too_many(request: Request, refusal: TooManyCodes) -> Response:
        visit, later = Visit(request), {"Retry-After": str(ceil(refusal.wait))}
        if visit.wants_json:
            return JSONResponse({"usable": None, "sentence": visit.texts("wrong.slowly-lead")}, 429, later)
        page = visit.page("wrong.html", status=429, kind="slowly")
        page.headers.update(later)
        return page

    @portal.exception_handler(WrongRole)
    def not_yours(request: Request, _: WrongRole) -> Response:
        return Visit(request).page("wrong.html", status=403, kind="not-yours")

    @portal.exception_handler(UntrustedForm)
    def guarded(request: Request, _: UntrustedForm) -> Response:
        return Visit(request).page("wrong.html", status=403, kind="guarded")

    @portal.exception_handler(RequestValidationError)
    def unreadable(request: Request, _: RequestValidationError) -> Response:
        return Visit(request).page("wrong.html", status=404, kind="not-found")

    @portal.exception_handler(ClientDisconnect)
    def gone(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=499)  # in the middle of a form: there is nobody left to answer

    @portal.exception_handler(HTTPException)
    def not_found(request: Request, error: HTTPException) -> Response:
        return Visit(request).page("wrong.html", status=error.status_code, kind="not-found")
