"""A portal for every test, each with a world of its own that is sown once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import cast

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser
from starlette.types import ASGIApp, Receive, Scope, Send

from examples.portal import Clock, People, api, create_portal
from examples.portal.app import THIS_MACHINE
from examples.portal.seed import BEGINNING, sow
from examples.portal.world import World
from referral_adapters.http import create_app
from tests.examples.portal.browser import STORIES_ON, Somebody, browsing, chromium, serving
from tests.examples.portal.visitor import Visitor


@pytest.fixture(scope="session")
def sown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a world as it is when the portal is first opened."""
    folder = tmp_path_factory.mktemp("sown")
    sow(folder)
    return folder


class MadeWhenAsked:
    """An application that is made when it is first asked something: the API takes longer to make than most tests."""

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self._app = cache(make)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app()(scope, receive, send)


@pytest.fixture
def portal(sown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    """Return a portal over a world of its own."""
    monkeypatch.setattr(api, "create_app", lambda *given, **named: MadeWhenAsked(partial(create_app, *given, **named)))
    folder = tmp_path / "world"
    shutil.copytree(sown, folder)
    made = create_portal(
        f"sqlite:///{folder / 'referral.db'}",
        clock=Clock(BEGINNING, kept_in=folder / "clock.txt"),
        people=People(kept_in=folder / "people.json"),
        hosts=(*THIS_MACHINE, "testserver"),
    )
    yield made
    made.state.world.close()


@pytest.fixture
def visitor(portal: FastAPI) -> Visitor:
    """Return somebody who has just come to the portal."""
    return Visitor(portal)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a browser; no longer than a module, since it keeps the thread from running loops of its own."""
    executable = chromium()
    if executable is None:
        pytest.skip("there is no Chromium on the path, and REFERRAL_CHROMIUM names none")
    with browsing(executable) as found:
        yield found


@pytest.fixture
def address(portal: FastAPI) -> Iterator[str]:
    """Return where a portal is served, for browsers."""
    with serving(portal) as served_at:
        yield served_at


@pytest.fixture
def world(portal: FastAPI) -> World:
    """Return the world behind the portal."""
    return cast(World, portal.state.world)


@pytest.fixture(params=STORIES_ON)
def somebody(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Somebody]:
    """Return somebody on a phone, then somebody at a desk."""
    found = Somebody.at(browser, address, request.param)
    yield found
    found.leaves()
