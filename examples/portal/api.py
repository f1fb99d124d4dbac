"""The HTTP API beside the pages: over the same store and the same clock, for tokens that the portal issues itself.

A real host has an issuer of tokens already. This one signs, with a key of the running process, a token for whoever was
picked, and the page for developers shows what to ask with it.
"""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

import jwt
from fastapi import APIRouter, FastAPI
from fastapi.responses import Response

from examples.portal.people import Person
from examples.portal.visit import Anybodys
from examples.portal.world import World
from referral_adapters.http import JwtAuthentication, Service, create_app

router = APIRouter()

PATH: Final = "/api"
ISSUER: Final = "portal"
ALGORITHM: Final = "HS256"
HOLDS: Final = timedelta(hours=1)


class Api:
    """The API of a world, and the issuer of its tokens."""

    def __init__(self, world: World) -> None:
        self._key = secrets.token_bytes(32)
        self.app: FastAPI = create_app(
            Service(
                programme=world.programme,
                store=world.store,
                authenticate=JwtAuthentication({"": self._key}, algorithms=[ALGORITHM], issuer=ISSUER),
                clock=world.clock.tick,
                source="/portal",
                limiter=world.limiter,
            ),
            title="Referral portal",
        )

    def token(self, person: Person) -> str:
        """Return a token for a person, valid for an hour."""
        claims: dict[str, object] = {
            "iss": ISSUER,
            "sub": person.id,
            "role": person.role.value,
            "exp": datetime.now(UTC) + HOLDS,
        }
        if person.segments is not None:
            claims["segments"] = list(person.segments)
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)


@router.get("/developers")
def show(visit: Anybodys) -> Response:
    """Show a token for the person who was picked, and a few requests to try with it."""
    api: Api = visit.request.app.state.api
    person = visit.someone()
    token, base = api.token(person), f"{visit.origin}{PATH}"
    asked = "/accounts" if person.is_customer else "/contracts?limit=2"
    check = json.dumps({"code": "NOSUCHCODE"})
    commands = (
        f"TOKEN={token}",
        f'curl --header "Authorization: Bearer $TOKEN" "{base}{asked}"',
        f"curl --header 'Content-Type: application/json' --data '{check}' {base}/code-checks",
    )
    return visit.page("developers.html", commands=commands, document=f"{PATH}/openapi.json")
