"""A session in another process."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

import attrs
import httpx

from referral_adapters.http.client.errors import RequestInvalid, Unexpected
from referral_adapters.http.client.events import Events
from referral_adapters.http.client.persistence import Persistence
from referral_adapters.http.client.wire import Wire
from referral_adapters.http.entity_tag import etag_of
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

    ``url`` is where the service has its endpoints, a host's prefix included. ``token`` says who asks; a function is
    called for every try, so that it can give a fresh one. ``language`` is that of messages, ``timeout`` how many
    seconds to wait for each answer to begin or go on, ``persistence`` how often to ask again. A ``transport`` of httpx
    takes the place of its own, as for certificates, proxies and tests.
    """
    return RemoteSession(
        Wire(
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

    Who asks is what the token says, and now is by the clock over there. Each act is a transaction by itself; there are
    no blocks. Answers are of the same types, without what the caller may not see; errors are the same too, and those
    of :mod:`referral_adapters.http.client.errors`.

    Every act goes under an idempotency key, drawn unless :meth:`under` gives one: when the answer is lost, or others
    were in the way, it is sent again under it, and done once. Safe to use from many threads; close it in the end.
    """

    def __init__(self, wire: Wire, tags: Tags, *, key: str | None = None, seen: str | None = None) -> None:
        self._wire, self._tags = wire, tags
        super().__init__(RemoteRunner(wire, tags, key, seen))

    @cached_property
    def events(self) -> Events:
        """The events that hosts bring, and those that are published."""
        return Events(self._wire)

    def qr_code(self, account: str) -> str:
        """Return the sharing link of an account's code as a QR code, drawn in SVG (T1).

        :raises Refusal: ``code-unknown``, ``code-pending``, ``code-ended``, ``not-allowed``.
        """
        return self._wire.read_text("accounts", account, "qr-code")

    def under(self, *, key: str | None = None, seen: object = None) -> RemoteSession:
        """Return the same services for an act under an idempotency key, or on what was seen alone, or both.

        ``key`` belongs to one act with its arguments: asked for again under it, now or later, it is not done again but
        answered again. With ``seen``, a code, a group or a sign-up as this client was answered it, the act is done only
        if what it edits still is what was seen.

        :raises ValueError: ``seen`` is not what this client was answered.
        """
        tag = None if seen is None else self._tags.of(seen)
        return RemoteSession(self._wire, self._tags, key=key, seen=tag)

    def close(self) -> None:
        """Close what is open."""
        self._wire.close()


class Tags:
    """The entity tags of what was answered, as long as somebody has it."""

    def __init__(self) -> None:
        self._tags: dict[int, str] = {}

    def keep(self, answer: object, answered: httpx.Response) -> None:
        """Remember the tag that an answer came with, and for each item of a list the one it would have by itself."""
        if attrs.has(type(answer)):
            self._keep(answer, answered.headers.get("etag", ""))
        elif isinstance(answer, tuple):
            for item, said in zip(answer, answered.json()["answer"], strict=True):
                if isinstance(item, DiscountGroup | SignUpView):  # which can be edited
                    content = json.dumps({"answer": said}, separators=(",", ":"), ensure_ascii=False)
                    self._keep(item, etag_of(content.encode()))

    def of(self, seen: object) -> str:
        """Return the tag of what was answered."""
        tag = self._tags.get(id(seen))
        if tag is None:
            raise ValueError("give what this client was answered, as it was answered")
        return tag

    def _keep(self, answer: object, tag: str) -> None:
        # Not by the answers themselves as keys: equal ones may have come under different tags.
        self._tags[id(answer)] = tag
        weakref.finalize(answer, self._tags.pop, id(answer), None)


class RemoteRunner:
    """Carries acts out over there: writes the arguments, sends them, and reads the answer by the type of the act's."""

    def __init__(self, wire: Wire, tags: Tags, key: str | None, seen: str | None) -> None:
        self._wire, self._tags = wire, tags
        self._key, self._seen = key, seen

    def do(self, act: Act[R], _: object, given: dict[str, Any]) -> R:
        """Ask for an act with arguments that were checked."""
        body = {act.params[name].wire: value for name, value in self._written(act, given)}
        if act.streams:
            return self._stream(act, body)  # type: ignore[return-value] # which is an iterator
        key = (
            None if act.reads or act.bulk else self._wire.key_of(_named(act, given) if self._key is None else self._key)
        )
        answered = self._wire.act(act.name, body, key=key, seen=None if act.reads else self._seen)
        answer: R = _read(answered, act.hints["return"], act)
        self._tags.keep(answer, answered)
        return answer

    def _stream(self, act: Act[Any], body: Mapping[str, Any]) -> Iterator[Any]:
        """Yield what comes in pages; the next one is asked for when it is needed, the first one at once."""
        page = self._page(act, body, None)

        def items() -> Iterator[Any]:
            items, following = page
            yield from items
            while following is not None:
                items, following = self._page(act, body, following)
                yield from items

        return items()

    def _page(self, act: Act[Any], body: Mapping[str, Any], cursor: str | None) -> tuple[Iterator[Any], str | None]:
        answered = self._wire.act(act.name, {**body, **({} if cursor is None else {"cursor": cursor})})
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
    """Return the name that the caller gave the request, where the act takes one."""
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
