"""Sessions: what the portal remembers of a browser, in a signed cookie that no script can read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE: Final = "portal"
LONGEST: Final = 3_500
"""How many bytes the cookie has at most; browsers keep no more than 4096."""

Content = dict[str, Any]


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
        while len(text := _packed(content)) > LONGEST and content.get("notes"):
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
