"""Somebody at the portal without a browser: opens pages, and sends their forms as a browser would."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from fastapi.testclient import TestClient
from httpx import Response
from starlette.types import ASGIApp

from examples.portal.people import STAFF
from examples.portal.world import World

HERE: Final = "http://testserver"
TOKEN: Final = re.compile(r'name="token" value="([^"]+)"')


class Visitor:
    """A browser's session at a portal."""

    def __init__(self, portal: ASGIApp) -> None:
        self.client = TestClient(portal, base_url=HERE)

    @property
    def world(self) -> World:
        """The world behind the portal."""
        world: World = self.client.app.state.world  # type: ignore[attr-defined] # an application of FastAPI has it
        return world

    def opens(self, path: str, **query: str) -> Response:
        """Return the page at a path."""
        page: Response = self.client.get(path, params=query or None)
        return page

    def token(self) -> str:
        """Return the token of the session, as forms have it."""
        found = TOKEN.search(self.opens("/").text)
        assert found is not None
        return unescape(found[1])

    def sends(
        self, path: str, *, origin: str | None = HERE, token: str | None = None, **fields: str | None
    ) -> Response:
        """Send a form, with the token of the session unless another is given, and return the page it leads to."""
        data = {"token": self.token() if token is None else token, **fields}
        headers = {} if origin is None else {"origin": origin}
        page: Response = self.client.post(path, data=data, headers=headers)
        return page

    def becomes(self, name: str) -> Visitor:
        """Go on as a person of that name."""
        people = (*STAFF, *self.world.people.customers())
        person = next(each for each in people if each.name == name)
        assert self.sends("/person", person=person.id).status_code == 200
        return self

    def speaks(self, language: str) -> Visitor:
        """Go on in a language."""
        assert self.sends("/language", language=language, here="/").status_code == 200
        return self
