"""What keeps other sites, and what people type, from acting in somebody's name."""

from __future__ import annotations

import hmac
from typing import Final

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_FORM: Final = 32_768
"""How many bytes a form has at most."""
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


class Guarded(Exception):
    """A form that did not come from a page of the portal, or is too long; nothing was done."""


class SecurityHeaders:
    """Middleware that sends the headers above with every answer, and lets no page with somebody's data be kept."""

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


async def guard(request: Request) -> None:
    """Let a form pass only with the token of its session and from the portal's own origin; keep its fields.

    :raises Guarded: it does not, or is too long.
    """
    if request.method in READING:
        return
    if not 0 < int(request.headers.get("content-length", "0")) <= LONGEST_FORM or not _is_from_here(request):
        raise Guarded
    form = await request.form(max_files=0, max_fields=100)
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    token = str(request.scope["session"]["token"])
    if not hmac.compare_digest(fields.pop("token", "").encode(), token.encode()):
        raise Guarded
    request.state.fields = fields


def _is_from_here(request: Request) -> bool:
    """Tell whether the browser says that the form stood on a page of this host; one that says nothing is not told."""
    return request.headers.get("origin") == f"{request.url.scheme}://{request.headers.get('host', '')}"
