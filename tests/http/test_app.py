"""A host that has the router in its own app, under a prefix, with its own handlers, store and authentication."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR
from sqlalchemy.engine import URL

from referral_adapters.http import Caller, NotAuthenticated, Service, completed, referral_router
from referral_adapters.sql import SqlStore
from referral_core import Programme
from referral_core.entities.actor import Actor, Role
from referral_core.session import ACTS
from tests.http.door import NOW, Door
from tests.http.test_document import references
from tests.http.world import build

SIGN_UP: Final = {"contract": "K-2", "account": "B", "customer": "C-2", "code": "A123"}


def by_session(request: Request) -> Caller | None:
    """Know callers as this host does: by a cookie of its own."""
    session = request.cookies.get("session")
    if session == "stolen":
        raise NotAuthenticated("The session has ended.")
    known = {"crm": Caller(Actor.system("crm")), "ann": Caller(Actor("C-1", Role.CUSTOMER))}
    return known.get(session or "")


def app_of(service: Service) -> FastAPI:
    """Return the host's own app, which answers its own errors in its own way."""
    app = FastAPI(title="The host")
    app.include_router(referral_router(service), prefix="/referral/v1")

    @app.exception_handler(RequestValidationError)
    async def improper(_request: Request, _error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"host": "improper"}, 400)

    @app.exception_handler(HTTPException)
    async def wrong(_request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"host": error.detail}, error.status_code)

    @app.exception_handler(ZeroDivisionError)
    async def divided(_request: Request, _error: ZeroDivisionError) -> PlainTextResponse:
        return PlainTextResponse("the host's own", 500)

    @app.get("/own/{number}")
    def own(number: int) -> dict[str, Any]:
        if number > 100:
            raise HTTPException(404, "no such number")
        return {"number": 1 / number}

    return app


@pytest.fixture
def host(portal: BlockingPortal, tmp_path: Path) -> Iterator[Door]:
    """Yield a door to a host's app over a store of the host's."""
    with SqlStore(URL.create("sqlite", database=str(tmp_path / "host.db")), Programme.default()) as store:
        build(store)
        service = Service(programme=Programme.default(), store=store, authenticate=by_session, clock=lambda: NOW)
        yield Door(portal, store, app=app_of(service))


def as_(session: str) -> dict[str, str]:
    return {"Cookie": f"session={session}"}


def test_the_rules_are_there_under_the_prefix_and_nowhere_else(host: Door) -> None:
    told = host.ask("POST", "/referral/v1/contracts", SIGN_UP, by=None, headers=as_("crm"))
    assert (told.status, told.json()["referral"]["referrer"]) == (201, "A")
    assert host.ask("GET", "/referral/v1/accounts", by=None, headers=as_("ann")).json() == {"items": ["A"]}
    assert host.ask("GET", "/contracts", by=None, headers=as_("crm")).status == 404


def test_callers_are_those_whom_the_host_knows(host: Door) -> None:
    path = "/referral/v1/accounts/E"
    assert host.ask("GET", path, by=None, headers=as_("ann")).reasons == ["not-allowed"]
    assert [host.ask("GET", path, by=None, headers=as_(session)).status for session in ("", "stolen")] == [401, 401]
    assert host.ask("GET", path, by="system").status == 401, "a token means nothing to this host"


def test_problems_are_ours_under_the_prefix_and_the_hosts_elsewhere(host: Door) -> None:
    for body, status, kind in (
        (b"{", 400, "malformed"),
        ({}, 422, "invalid"),
        (SIGN_UP | {"code": "NONE2"}, 409, "refused"),
    ):
        told = host.ask("POST", "/referral/v1/contracts", body, by=None, headers=as_("crm"))
        assert (told.status, told.kind) == (status, kind)
    own = {path: host.ask("GET", path, by=None) for path in ("/own/x", "/own/101", "/own/4")}
    assert {path: (told.status, told.json()) for path, told in own.items()} == {
        "/own/x": (400, {"host": "improper"}), "/own/101": (404, {"host": "no such number"}),
        "/own/4": (200, {"number": 0.25})
    }  # fmt: skip
    divided = host.ask("GET", "/own/0", by=None)
    assert (divided.status, divided.body) == (500, b"the host's own")


def test_a_defect_of_ours_stays_behind_the_prefix(host: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ACTS["account.show"], "body", lambda *_, **__: 1 / 0)
    told = host.ask("GET", "/referral/v1/accounts/A", by=None, headers=as_("ann"))
    assert (told.status, told.kind) == (500, "defect")


def test_the_hosts_document_is_complete_once_it_is_completed(host: Door) -> None:
    document = completed(host.app.openapi())
    assert [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []
    assert "/referral/v1/contracts" in document["paths"]
    assert "/own/{number}" in document["paths"]
    parts = document["components"]["schemas"]
    assert {reference.rpartition("/")[2] for reference in references(document)} <= parts.keys()
    concluded = document["paths"]["/referral/v1/contracts"]["post"]["responses"]["201"]["content"]
    assert concluded["application/json"]["example"]["contract"]["contract"] == "K-2"
    assert completed(document) == document
