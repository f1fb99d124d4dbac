"""Somebody at the portal without a browser: opens pages, and sends their forms as a browser would."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from examples.portal.people import STAFF
from examples.portal.world import World

HERE: Final = "http://testserver"
TOKEN: Final = re.compile(r'name="token" value="([^"]+)"')


class Visitor:
    """A browser's session at a portal."""

    def __init__(self, portal: FastAPI) -> None:
        self.world: World = portal.state.world
        self.client = TestClient(portal, base_url=HERE)

    def opens(self, path: str, **query: str) -> Response:
        """Return the page at a path."""
        page: Response = self.client.get(path, params=query)
        return page

    def sends(self, path: str, *, origin: str | None = HERE, token: str | None = None, **fields: str) -> Response:
        """Send a form, with the token of the session unless another is given, and return the page it leads to."""
        found = TOKEN.search(self.opens("/").text)
        assert found is not None
        data = {"token": unescape(found[1]) if token is None else token, **fields}
        page: Response = self.client.post(path, data=data, headers={} if origin is None else {"origin": origin})
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
