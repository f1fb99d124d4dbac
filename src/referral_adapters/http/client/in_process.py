"""A transport without a wire, for tests of whoever uses the client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx


class InProcess(httpx.BaseTransport):
    """Hands every request to an ASGI app in this process: nothing listens anywhere."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app: Any = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return what the app answers; what it raises is raised."""
        return asyncio.run(self._ask(request))

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        async with httpx.ASGITransport(app=self._app) as transport:
            asked = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
            answer = await transport.handle_async_request(asked)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())
