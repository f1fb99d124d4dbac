"""The session of a client: the services of a desk in another process."""

from __future__ import annotations

import asyncio
import json
import weakref
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

import attrs
import httpx

from referral_adapters.http.client.connection import Connection
from referral_adapters.http.client.errors import RequestInvalid, Unexpected
from referral_adapters.http.client.pages import Events
from referral_adapters.http.headers import etag_of
from referral_adapters.http.retry import Persistence
from referral_adapters.wire.codec import Unreadable, structure, unstructure
from referral_core.acts import Act
from referral_core.entities.discount_group import DiscountGroup
from referral_core.services.sign_ups import SignUpView
from referral_core.session import Services
from referral_core.values.arguments import HONOURED, KEY
from referral_core.values.effective_period import EffectivePeriod

R = TypeVar("R")


def connect(
    url: str,
    *,
    token: str | Callable[[], str] | None = None,
    language: str | None = None,
    timeout: float = 10.0,
    persistence: Persistence | None = None,
    transport: httpx.BaseTransport | None = None,
) -> RemoteSession:
    """Return the services of a desk in another process.

    ``url`` is the address of the service's endpoints, a host's prefix included. ``token`` names the caller; a function
    is called for every attempt, so that it can return a fresh one. ``language`` is that of messages, ``timeout`` the
    seconds to wait for an answer to begin or go on, ``persistence`` how often a request is sent again. A ``transport``
    of httpx takes the place of its own, as for certificates, proxies and tests.
    """
    return RemoteSession(
        Connection(
            url,
            token=token,
            language=language,
            persistence=Persistence() if persistence is None else persistence,
            timeout=timeout,
            transport=transport,
        ),
        Tags(),
    )


class RemoteSession(Services):
    """The services of a desk in another process: the same as those of a :class:`~referral_core.Session`.

    The token names the actor, and now is by the service's clock. Each act is a transaction by itself; there are no
    blocks. Answers are of the same types, without the parts that the caller may not see; errors are the same too, and
    those of :mod:`referral_adapters.http.client.errors`.

    Every act goes under an idempotency key, a random one unless :meth:`under` gives one: an act whose answer was lost,
    or that lost a race, is sent again under it, and done once. Safe to use from many threads; close it in the end.
    """

    def __init__(self, connection: Connection, tags: Tags, *, key: str | None = None, seen: str | None = None) -> None:
        self._connection, self._tags = connection, tags
        super().__init__(RemoteRunner(connection, tags, key, seen))

    @cached_property
    def events(self) -> Events:
        """Events: those that hosts bring to the service, and those that it publishes."""
        return Events(self._connection)

    def qr_code(self, account: str) -> str:
        """Return the sharing link of an account's code as a QR code, drawn in SVG (T1).

        :raises Refusal: ``code-unknown``, ``code-pending``, ``code-ended``, ``not-allowed``.
        """
        return self._connection.read_text("accounts", account, "qr-code")

    def under(self, *, key: str | None = None, seen: object = None) -> RemoteSession:
        """Return the same services for an act under an idempotency key, or for an edit of an unchanged thing, or both.

        ``key`` belongs to one act with its arguments: sent again under it, now or later, the act is not done again, and
        the first answer comes back. With ``seen``, a code, a group or a sign-up from an answer to this client, the act
        is done only if that thing has not changed since.

        :raises ValueError: ``seen`` is no object from an answer to this client.
        """
        tag = None if seen is None else self._tags.of(seen)
        return RemoteSession(self._connection, self._tags, key=key, seen=tag)

    def close(self) -> None:
        """Close the open connections."""
        self._connection.close()


class Tags:
    """The entity tags of answers, for as long as the program has the answer."""

    def __init__(self) -> None:
        self._tags: dict[int, str] = {}

    def keep(self, answer: object, answered: httpx.Response) -> None:
        """Keep the tag of an answer, and for each item of a list the tag that it would have by itself."""
        if attrs.has(type(answer)):
            self._keep(answer, answered.headers.get("etag", ""))
        elif isinstance(answer, tuple):
            for item, content in zip(answer, answered.json()["answer"], strict=True):
                if isinstance(item, DiscountGroup | SignUpView):  # which can be edited
                    # Byte for byte the body that the service makes of an answer with this item alone.
                    body = json.dumps({"answer": content}, separators=(",", ":"), ensure_ascii=False)
                    self._keep(item, etag_of(body.encode()))

    def of(self, seen: object) -> str:
        """Return the tag of an answer.

        :raises ValueError: it is no answer to this client, or a copy of one.
        """
        tag = self._tags.get(id(seen))
        if tag is None:
            raise ValueError("give what this client was answered, as it was answered")
        return tag

    def _keep(self, answer: object, tag: str) -> None:
        # By identity, not by the answers as keys: equal answers may have come under different tags.
        self._tags[id(answer)] = tag
        weakref.finalize(answer, self._tags.pop, id(answer), None)


class RemoteRunner:
    """Runs acts at the service: writes the arguments, sends them, and reads the answer by the act's return type."""

    def __init__(self, connection: Connection, tags: Tags, key: str | None, seen: str | None) -> None:
        self._connection, self._tags = connection, tags
        self._key, self._seen = key, seen

    def do(self, act: Act[R], _: object, given: dict[str, Any]) -> R:
        """Run an act with checked arguments, and return its result."""
        body = {act.params[name].wire: value for name, value in self._written(act, given)}
        if act.streams:
            return self._stream(act, body)  # type: ignore[return-value] # which is an iterator
        key = None
        if not (act.reads or act.bulk):
            key = self._connection.key_of(_named(act, given) if self._key is None else self._key)
        answered = self._connection.act(act.name, body, key=key, seen=None if act.reads else self._seen)
        answer: R = _read(answered, act.hints["return"], act)
        self._tags.keep(answer, answered)
        return answer

    def _stream(self, act: Act[Any], body: Mapping[str, Any]) -> Iterator[Any]:
        """Yield the items of all pages; the first page is read at once, each next one when it is needed."""
        page = self._page(act, body, None)

        def items() -> Iterator[Any]:
            items, following = page
            yield from items
            while following is not None:
                items, following = self._page(act, body, following)
                yield from items

        return items()

    def _page(self, act: Act[Any], body: Mapping[str, Any], cursor: str | None) -> tuple[Iterator[Any], str | None]:
        answered = self._connection.act(act.name, {**body, **({} if cursor is None else {"cursor": cursor})})
        following = _member(answered, "next", act)
        return _read(answered, act.hints["return"], act), following if isinstance(following, str) else None

    def _written(self, act: Act[Any], given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for param in act.params.values():
            if param.required and not param.kind.on_wire:
                raise RequestInvalid(f"{act.name} takes what only a program can hand over: {param.name}.")
        for name, value in given.items():
            param = act.params[name]
            if value is None or value is param.default or param.kind is KEY:
                continue
            if not param.kind.on_wire and not isinstance(value, EffectivePeriod):
                raise RequestInvalid(f"{name} cannot be sent.")
            written = unstructure(value)
            yield name, {"moment": written} if param.kind is HONOURED else written


def _named(act: Act[Any], given: Mapping[str, Any]) -> str | None:
    """Return the caller's own name for the request, where the act takes one."""
    return next((given.get(param.name) for param in act.params.values() if param.kind is KEY), None)


def _member(answered: httpx.Response, name: str, act: Act[Any]) -> Any:  # noqa: ANN401 - any JSON
    try:
        content = answered.json()
    except ValueError:
        content = None
    if not isinstance(content, dict) or name not in content:
        raise _unexpected(answered, act, f"there is no {name!r}")
    return content[name]


def _read(answered: httpx.Response, kind: Any, act: Act[Any]) -> Any:  # noqa: ANN401 - a value of any type
    try:
        return structure(_member(answered, "answer", act), kind)
    except Unreadable as wrong:
        raise _unexpected(answered, act, str(wrong)) from wrong


def _unexpected(answered: httpx.Response, act: Act[Any], wrong: str) -> Unexpected:
    return Unexpected(
        f"The answer is none to {act.name}: {wrong}.",
        status=answered.status_code,
        request_id=answered.headers.get("x-request-id"),
        key=answered.request.headers.get("idempotency-key"),
    )


class InProcess(httpx.BaseTransport):
    """Hands every request to an ASGI app in this process, for tests of programs that use the client."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app: Any = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the app's response; an error of the app is raised."""
        return asyncio.run(self._ask(request))

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        async with httpx.ASGITransport(app=self._app) as transport:
            sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
            answer = await transport.handle_async_request(sent)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())
