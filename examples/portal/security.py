"""The guards of the portal: sessions in a signed cookie, the token and origin of forms, the headers of answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Collection
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE: Final = "portal"
LONGEST_COOKIE: Final = 3_500
"""How many bytes the cookie has at most; browsers keep no more than 4096."""

Content = dict[str, Any]
LONGEST_FORM: Final = 32_768
"""How many bytes a form has at most."""
_PORT: Final = re.compile(r":[0-9]{1,5}$", re.ASCII)
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS: Final = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    # Not stricter: with no-referrer a browser would hide the origin of our own forms, too.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Sessions:
    """Middleware that puts the content of the session into ``scope["session"]``, and back into the cookie.

    Every session has a ``token``, which forms must repeat. The cookie is signed with a key of the running process, so
    a new start of the portal begins new sessions.
    """

    def __init__(self, app: ASGIApp, key: bytes | None = None) -> None:
        self._app = app
        self._key = key or secrets.token_bytes(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request with its session."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        cookie = _cookie(Headers(scope=scope).get("cookie", ""))
        content = self._read(cookie) or new_session()
        scope["session"] = content

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and (written := self._written(content)) != cookie:
                headers = MutableHeaders(scope=message)
                secure = "; Secure" if scope["scheme"] == "https" else ""
                headers.append("Set-Cookie", f"{COOKIE}={written}; Path=/; HttpOnly; SameSite=Lax{secure}")
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    def _written(self, content: Content) -> str:
        while len(text := _packed(content)) > LONGEST_COOKIE and content.get("notes"):
            content["notes"] = content["notes"][1:]
        return f"{text}.{self._signature(text)}"

    def _read(self, cookie: str) -> Content | None:
        text, _, signature = cookie.rpartition(".")
        if not text or not hmac.compare_digest(signature.encode(), self._signature(text).encode()):
            return None
        content: Content = json.loads(base64.urlsafe_b64decode(text))
        return content

    def _signature(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def new_session(**content: object) -> Content:
    """Return the content of a new session, with a token of its own."""
    return {"token": secrets.token_urlsafe(24), **content}


def _packed(content: Content) -> str:
    return base64.urlsafe_b64encode(json.dumps(content, sort_keys=True).encode()).decode()


def _cookie(header: str) -> str:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return "" if morsel is None else morsel.value


class UntrustedForm(Exception):
    """The refusal of a form that came from elsewhere or is too long; nothing was done."""


class SecurityHeaders:
    """Middleware that sends the headers above with every answer, and keeps pages out of every cache."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, with the headers in its answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class Hosts:
    """Middleware that answers under the names of the portal alone, whatever a request says that it was sent to.

    Pages and sharing links repeat the host of their request, and the origin of a form is compared with it.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or answer 421 if it was meant for another host."""
        if scope["type"] == "http":
            named = Headers(scope=scope).getlist("host")
            if len(named) != 1 or _PORT.sub("", named[0].lower()) not in self._hosts:
                await PlainTextResponse("This is not the host that you asked for.", 421)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def guard(request: Request) -> None:
    """Accept a form only with the token of its session and from the portal's own origin, and keep its fields.

    :raises UntrustedForm: it does not, or is too long.
    """
    if request.method in READING:
        return
    if not 0 < int(request.headers.get("content-length", "0")) <= LONGEST_FORM or not _is_from_here(request):
        raise UntrustedForm
    form = await request.form(max_files=0, max_fields=100)
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    token = str(request.scope["session"]["token"])
    if not hmac.compare_digest(fields.pop("token", "").encode(), token.encode()):
        raise UntrustedForm
    request.state.fields = fields


def _is_from_here(request: Request) -> bool:
    """Tell whether the browser names this host as the origin of the form; a form without an origin is refused."""
    return request.headers.get("origin") == f"{request.url.scheme}://{request.headers.get('host', '')}"
