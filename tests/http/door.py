"""A door: an app over a store, driven as a server drives it, with tokens for every caller.

Requests go straight to the app, so that they can be what no client would send: any path, any header, any bytes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from urllib.parse import unquote

import attrs
import jwt
from anyio import create_task_group
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI

from referral_adapters.http import JwtAuthentication, Service, ServiceStore, create_app
from referral_adapters.memory import MemoryStore
from referral_core import Programme
from referral_core.entities.actor import Role
from referral_core.programme.settings import Checking
from tests.phrases import at

KEY: Final = "a key that nobody but these tests knows, 64 bytes or more of it!!"
NOW: Final = at("2021-03-15 12:00")
"""When everything is asked, by the clock of the service."""
ROLES: Final = tuple(role.value for role in Role)
PLENTY: Final = Checking(per_caller=10**6, per_address=10**6, within=timedelta(seconds=1))
"""As many checks as a programme can allow."""
_A_WHILE: Final = 3_600

Header = tuple[str, str]


@attrs.frozen
class RawRequest:
    """A request, byte for byte; ``path`` is as it stands in the request line, with its query."""

    method: str
    path: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: tuple[bytes, ...] = (b"",)
    address: str = "192.0.2.1"
    is_left: bool = False
    """Whether the client leaves before the end of the body."""


@attrs.frozen
class HttpAnswer:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """Return what the body says."""
        return json.loads(self.body)

    @property
    def reasons(self) -> list[str]:
        """The reason codes of a problem."""
        reasons: list[str] = self.json().get("reasons", [])
        return reasons

    @property
    def kind(self) -> str:
        """What kind of problem it is."""
        return str(self.json()["type"]).removeprefix("urn:referral:problem:")


@attrs.define
class Clock:
    """A clock that a test sets."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def token(role: str, subject: str | None = None, *, key: Any = KEY, algorithm: str = "HS256", **claims: Any) -> str:  # noqa: ANN401
    """Return a signed token; claims of ``None`` are left out."""
    said = {"sub": subject or f"the {role}", "role": role, "exp": int(time.time()) + _A_WHILE, **claims}
    return jwt.encode({name: value for name, value in said.items() if value is not None}, key, algorithm=algorithm)


class Door:
    """An app over a store; ``by`` says who asks: a role, ``role:id``, or nobody."""

    def __init__(
        self,
        portal: BlockingPortal,
        store: ServiceStore,
        *,
        app: FastAPI | None = None,
        **service: Any,  # noqa: ANN401
    ) -> None:
        self.clock = Clock()
        given = {"programme": Programme(checking=PLENTY), "clock": self.clock, "answer_interval": 0.0, **service}
        given.setdefault("authenticate", JwtAuthentication({"": KEY}, algorithms=["HS256"]))
        self.service = Service(store=store, **given)
        self.app = _shared_app() if app is None else app
        self._portal = portal

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        by: str | None = "system",
        headers: Iterable[Header] | Mapping[str, str] = (),
        **claims: Any,  # noqa: ANN401 - any JSON
    ) -> HttpAnswer:
        """Send a request and return its answer; ``claims`` go into the token."""
        return self.send(self.request(method, path, body, by=by, headers=headers, **claims))

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        by: str | None = "system",
        headers: Iterable[Header] | Mapping[str, str] = (),
        **claims: Any,  # noqa: ANN401 - any JSON
    ) -> RawRequest:
        """Return a request; a body that is not bytes is sent as JSON."""
        sent = list(headers.items() if isinstance(headers, Mapping) else headers)
        if by is not None:
            role, _, subject = by.partition(":")
            sent.append(("authorization", f"Bearer {token(role, subject or None, **claims)}"))
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if body is not None and not any(name.lower() == "content-type" for name, _ in sent):
            sent.append(("content-type", "application/json"))
        return RawRequest(
            method, path, tuple((name.lower().encode(), value.encode("latin-1")) for name, value in sent), (content,)
        )

    def send(self, request: RawRequest) -> HttpAnswer:
        """Hand a request to the app, and return what it answers."""
        return self.send_all([request])[0]

    def send_all(self, requests: Sequence[RawRequest]) -> list[HttpAnswer]:
        """Hand requests to the app all at once, and return the answers in the same order."""

        async def all_of_them() -> list[HttpAnswer]:
            self.serve()
            told: dict[int, HttpAnswer] = {}

            async def one(place: int) -> None:
                told[place] = await answered(self.app, requests[place])

            async with create_task_group() as group:
                for place in range(len(requests)):
                    group.start_soon(one, place)
            return [told[place] for place in range(len(requests))]

        return self._portal.call(all_of_them)

    def serve(self) -> None:
        """Have the shared app serve this door's service."""
        for field in attrs.fields(Service):
            object.__setattr__(_STANDING_IN, field.name, getattr(self.service, field.name))

    def document(self) -> dict[str, Any]:
        """Return the app's OpenAPI document."""
        document: dict[str, Any] = self.app.openapi()
        return document


_STANDING_IN: Final = Service(programme=Programme.default(), store=MemoryStore(), authenticate=lambda _: None)


@cache
def _shared_app() -> FastAPI:
    """Return the one app of all doors, which takes longer to make than most tests to run."""
    return create_app(_STANDING_IN)


async def answered(app: FastAPI, request: RawRequest) -> HttpAnswer:
    """Hand a request to an app as a server does, and return what it answers."""
    raw, _, query = request.path.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": _unquoted(raw),
        "raw_path": raw.encode("latin-1", "replace"),
        "query_string": query.encode("latin-1", "replace"),
        "root_path": "",
        "headers": list(request.headers),
        "client": (request.address, 50_000) if request.address else None,
        "server": ("test", 80),
        "state": {},
    }
    parts = [
        {"type": "http.request", "body": part, "more_body": request.is_left or place < len(request.body)}
        for place, part in enumerate(request.body, 1)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return parts.pop(0) if parts else {"type": "http.disconnect"}

    async def send(message: Any) -> None:  # noqa: ANN401 - a message of ASGI
        sent.append(message)

    try:
        await app(scope, receive, send)
    except Exception:
        if not sent:
            raise
    start = sent[0]
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
    return HttpAnswer(start["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))


def _unquoted(path: str) -> str:
    """Return a path as servers decode it."""
    return unquote(path)
