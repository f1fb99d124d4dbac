"""One request: who asks, when, and how its act is done: as one transaction, and once for each idempotency key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

import attrs
from fastapi import Depends
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from referral_adapters.http.caller import Caller
from referral_adapters.http.entity_tag import digest_of, etag_of
from referral_adapters.http.languages import preferred
from referral_adapters.http.models.problem import ProblemKind
from referral_adapters.http.persistently import persistently
from referral_adapters.http.plain import plain_json
from referral_adapters.http.problems import Trouble, improper
from referral_adapters.http.service import Service
from referral_core.entities.actor import Actor
from referral_core.ports.requests import Answer
from referral_core.session import Session
from referral_core.values.errors import ConcurrentChange
from referral_core.values.moment import Calendar
from referral_core.values.money import Money
from referral_core.values.name import joined_key

_LONGEST_KEY: Final = 200
_KEPT: Final = re.compile(r"(\d+) (?:([0-9a-f]{32}) )?(.*)", re.DOTALL)
"""What is kept under a key: a status, the revision of what the answer shows if it can be edited, and the answer."""


@attrs.frozen
class Shown:
    """An answer, and the revision of what it shows if that can be edited."""

    answer: BaseModel
    revision: str | None = None


@attrs.frozen(eq=False)
class Asking:
    """One request. ``at`` is the moment of its act: now, by the host's clock."""

    service: Service
    caller: Caller
    request: Request
    at: datetime
    session: Session = attrs.field(init=False)
    """What does what is asked, for who asks, now."""

    @session.default
    def _session_of_caller(self) -> Session:
        return self.service.desk.session(actor=self.caller.actor, now=self.at)

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.caller.actor

    @property
    def calendar(self) -> Calendar:
        """The days of the programme's zone, in which all moments are answered."""
        return self.service.programme.calendar

    @property
    def language(self) -> str:
        """The language of the programme that the caller likes best; its first where nothing is said."""
        return preferred(self._accepted, self.service.programme.languages)

    @property
    def own_language(self) -> str:
        """The language in which the caller is told something themselves: English where nothing is said (T1)."""
        return preferred(self._accepted, self.service.programme.languages, unsaid="en")

    @property
    def _accepted(self) -> str | None:
        return self.request.headers.get("accept-language")

    def money(self, amount: str) -> Money:
        """Return an amount in the programme's currency."""
        return Money(amount, self.service.programme.currency)

    def revision_of(self, stored: object) -> str:
        """Return what tells one stored state of a thing from another: the same whichever answer shows the thing."""
        return digest_of(json.dumps(plain_json(stored, self.calendar)).encode())

    def answered(self, answer: BaseModel | Shown) -> Response:
        """Return an answer that nothing was done for; not again what the caller has already (``If-None-Match``)."""
        shown = answer if isinstance(answer, Shown) else Shown(answer)
        body = shown.answer.model_dump_json(exclude_none=False).encode()
        tag = etag_of(body, shown.revision)
        if self.request.method == "GET" and tag in _tags(self.request.headers.get("if-none-match")):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
        return _response(body, int(HTTPStatus.OK), tag)

    def done(
        self,
        body: BaseModel | None,
        act: Callable[[], Shown],
        *,
        status: HTTPStatus = HTTPStatus.OK,
        before: Callable[[], object] | None = None,
        edited: Callable[[], Shown] | None = None,
        named: Sequence[tuple[str, str]] = (),
    ) -> Response:
        """Do an act in one transaction, again when others were at the same things, and return what came of it.

        Under an ``Idempotency-Key`` it is done once, and the same request again gets the same answer. ``before`` is
        done outside of the transaction, unless the answer is there already. ``edited`` reads what is to be edited, for
        ``If-Match``. ``named`` is what the act's arguments name, as a hint to the store.

        :raises Trouble: the key was used for another request, or what is edited has changed.
        """
        key = self.key
        digest = "" if key is None else self._digest(body)

        def whole() -> Response:
            if key is not None and (known := self.service.store.requests.answer(self.asker, key)) is not None:
                return _again(known, digest)
            if before is not None:
                before()
            return self.service.store.run(once, named)

        def once() -> Response:
            with self.session:
                return self._once(key, digest, act, int(status), edited)

        return persistently(whole)

    def _once(
        self,
        key: str | None,
        digest: str,
        act: Callable[[], Shown],
        status: int,
        edited: Callable[[], Shown] | None,
    ) -> Response:
        requests = self.service.store.requests
        if key is not None and not requests.claim(self.asker, key, digest, at=self.at):
            raise ConcurrentChange("the same request is being answered at this moment")
        if edited is not None:
            self._check_unchanged(edited)
        shown = act()
        content = shown.answer.model_dump_json().encode()
        if key is not None:
            # The body as it is, in no other JSON: erasing finds a customer's id in it by the quotes around it (A5).
            head = str(status) if shown.revision is None else f"{status} {shown.revision}"
            requests.fill(self.asker, key, f"{head} {content.decode()}")
        return _response(content, status, etag_of(content, shown.revision))

    def _check_unchanged(self, edited: Callable[[], Shown]) -> None:
        """Refuse an edit of what was changed since it was read: since an answer that showed it, by its revision.

        A tag of an answer's digest alone is one that a client of the first edition made of what it had read.
        """
        given = self.request.headers.get("if-match")
        if given is None or given.strip() == "*":
            return
        now = edited()
        tags = [tag.strip('"').partition("-") for tag in _tags(given) if tag.startswith('"') and tag.endswith('"')]
        digest = digest_of(now.answer.model_dump_json().encode())
        if not any(revision == now.revision if revision else tag == digest for tag, _, revision in tags):
            raise Trouble(
                HTTPStatus.PRECONDITION_FAILED,
                ProblemKind.CHANGED,
                "It was changed since you read it.",
                "Read it again.",
            )

    @property
    def asker(self) -> str:
        """Whose idempotency keys are theirs alone.

        A customer's answers are kept under the customer's own id, by which they are erased (A5).
        """
        return self.actor.id if self.caller.is_customer else joined_key(self.actor.role, self.actor.id)

    @property
    def key(self) -> str | None:
        """The idempotency key of the request.

        :raises Trouble: it is no proper one.
        """
        given = self.request.headers.getlist("idempotency-key")
        if not given:
            return None
        key = given[0]
        if len(given) > 1:
            raise improper("header.Idempotency-Key", "must be there once")
        if not 0 < len(key) <= _LONGEST_KEY or not key.isascii() or not key.isprintable():
            raise improper("header.Idempotency-Key", f"must be 1 to {_LONGEST_KEY} printable ASCII characters")
        return key

    def _digest(self, body: BaseModel | None) -> str:
        content = "" if body is None else body.model_dump_json()
        asked = "\n".join([self.request.method, self.request.url.path, self.request.url.query, content])
        return digest_of(asked.encode())


async def asked(request: Request) -> Asking:
    """Return the request that an endpoint answers, as its route has prepared it; async, so that no thread is asked."""
    asking: Asking = request.state.referral
    return asking


Asked = Annotated[Asking, Depends(asked)]
"""The parameter by which an endpoint gets its request."""


def _tags(header: str | None) -> list[str]:
    return [] if header is None else [tag.strip().removeprefix("W/") for tag in header.split(",")]


def _again(known: Answer, digest: str) -> Response:
    if known.digest != digest:
        raise Trouble(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            ProblemKind.IDEMPOTENCY_KEY_REUSED,
            "The key was used for another request.",
            "Send a new Idempotency-Key with a new request.",
        )
    if known.text is None:  # pragma: no cover - a claim is filled in the transaction that made it
        raise ConcurrentChange("the same request is being answered at this moment")
    status, revision, content = _KEPT.fullmatch(known.text).groups()  # type: ignore[union-attr] # as it was filled
    body = content.encode()
    response = _response(body, int(status), etag_of(body, revision))
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _response(body: bytes, status: int, tag: str) -> Response:
    # What is answered is about one caller's business: nobody in between may keep it.
    return Response(body, status, {"ETag": tag, "Cache-Control": "no-store"}, media_type="application/json")
