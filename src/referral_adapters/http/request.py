"""One request: its caller and its moment, and its act, done as one transaction and once for each idempotency key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

import attrs
from fastapi import Depends
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from referral_adapters.http.authentication import PUBLIC, Caller
from referral_adapters.http.headers import digest_of, etag_of, preferred_language
from referral_adapters.http.models.answer import ProblemKind, plain_json
from referral_adapters.http.problems import HttpProblem, invalid_field, key_reused
from referral_adapters.http.retry import retry
from referral_adapters.http.service import Service
from referral_core.entities.actor import Actor, Asker
from referral_core.ports.requests import Answer, asker_of
from referral_core.services.permissions import Permissions
from referral_core.services.visibility import Visibility
from referral_core.session import Session
from referral_core.values.errors import ConcurrentChange
from referral_core.values.moment import Calendar
from referral_core.values.money import Money
from referral_core.values.name import digest_key, joined_key

_LONGEST_KEY: Final = 200
_KEPT: Final = re.compile(r"(\d+) (?:([0-9a-f]{32}) )?(.*)", re.DOTALL)
"""The text kept under a key: a status, the revision of what the answer shows if it can be edited, and the answer."""


@attrs.frozen
class Representation:
    """An answer, and the revision of the thing that it represents, if that thing can be edited."""

    answer: BaseModel
    revision: str | None = None


@attrs.frozen(eq=False)
class ServiceRequest:
    """A request to a service by a caller. ``at`` is the moment of its act: now, by the host's clock."""

    service: Service
    caller: Caller
    http: Request
    at: datetime
    session: Session = attrs.field(init=False)
    """The services of the core, for this caller at this moment."""

    @session.default
    def _session_of_caller(self) -> Session:
        return self.service.desk.session(actor=self.caller.actor, now=self.at, asker=self.giver)

    @property
    def giver(self) -> Asker:
        """The one who gives the codes of the request: its caller, and the address of the connection it came by."""
        address = "" if self.http.client is None else self.http.client.host
        return Asker(None if self.actor is PUBLIC else self.actor, address)

    @property
    def actor(self) -> Actor:
        """The actor in whose name the request is made."""
        return self.caller.actor

    @property
    def calendar(self) -> Calendar:
        """The days of the programme's zone, in which all moments are answered."""
        return self.service.programme.calendar

    @property
    def language(self) -> str:
        """The language of the programme that the caller prefers; the programme's first one without a preference."""
        return preferred_language(self._accepted, self.service.programme.languages)

    @property
    def own_language(self) -> str:
        """The language of messages for the caller themselves: English without a preference (T1)."""
        return preferred_language(self._accepted, self.service.programme.languages, default="en")

    @property
    def _accepted(self) -> str | None:
        return self.http.headers.get("accept-language")

    def money(self, amount: str) -> Money:
        """Return an amount in the programme's currency."""
        return Money(amount, self.service.programme.currency)

    def revision_of(self, stored: object) -> str:
        """Return the revision of a stored thing: the same for the same state, whichever answer represents it."""
        return digest_of(json.dumps(plain_json(stored, self.calendar)).encode())

    def shown(self, stored: Any) -> Any:  # noqa: ANN401 - any stored thing
        """Return a stored thing as the caller may see it, as acts answer with it."""
        return Visibility(Permissions(self.service.store, self.service.programme, self.actor)).of(stored)

    def answered(self, answer: BaseModel | Representation) -> Response:
        """Return the response of a question; an answer that the caller has already is not sent (``If-None-Match``)."""
        shown = answer if isinstance(answer, Representation) else Representation(answer)
        return tagged_response(self.http, shown.answer, shown.revision)

    def done(
        self,
        body: BaseModel | None,
        act: Callable[[], Representation],
        *,
        status: HTTPStatus = HTTPStatus.OK,
        before: Callable[[], object] | None = None,
        edited: Callable[[], Representation] | None = None,
        named: Sequence[tuple[str, str]] = (),
    ) -> Response:
        """Do an act in one transaction, again after a lost race, and return the response.

        Under an ``Idempotency-Key`` the act is done once, and a repeated request gets the first answer. ``before`` runs
        outside of the transaction, unless the answer is there already. ``edited`` represents the thing to be edited,
        for ``If-Match``. ``named`` are the things that the act's arguments name, as a hint to the store. The key is the
        caller's own text, and may name a person: the answer is kept under a digest of it (A5).

        :raises HttpProblem: the key was used for another request, or the thing to be edited has changed.
        """
        key = None if self.key is None else digest_key(self.key)
        digest = "" if key is None else self._digest(body)

        def attempt() -> Response:
            if key is not None and (known := self.service.store.requests.answer(self.asker, key)) is not None:
                return _replayed(known, digest)
            if before is not None:
                before()
            return self.service.store.run(lambda: self._once(key, digest, act, int(status), edited), named)

        response = retry(attempt)
        if key is not None:
            self.service.removal.run(self.at)
        return response

    def _once(
        self,
        key: str | None,
        digest: str,
        act: Callable[[], Representation],
        status: int,
        edited: Callable[[], Representation] | None,
    ) -> Response:
        requests = self.service.store.requests
        with self.session:
            # Two requests under one key race for the claim: the store gives it to one, and the other is tried again
            # until it finds the answer of the first.
            if key is not None and not requests.claim(self.asker, key, digest, at=self.at):
                raise ConcurrentChange("the same request is being answered at this moment")
            if edited is not None:
                self._check_unchanged(edited)
            shown = act()
            content = shown.answer.model_dump_json().encode()
            if key is not None:
                # The body as it is, in no other JSON: erasing finds ids in it by the quotes around them (A5).
                head = str(status) if shown.revision is None else f"{status} {shown.revision}"
                requests.fill(self.asker, key, f"{head} {content.decode()}")
            return _response(content, status, etag_of(content, shown.revision))

    def _check_unchanged(self, edited: Callable[[], Representation]) -> None:
        """Refuse an edit of a thing that has changed since an answer represented it, by the revision in its tag.

        A tag without a revision is the digest of the answer alone; clients of the first edition make such tags of the
        answers that they have read.
        """
        given = self.http.headers.get("if-match")
        if given is None or given.strip() == "*":
            return
        now = edited()
        tags = [tag.strip('"').partition("-") for tag in _tags(given) if tag.startswith('"') and tag.endswith('"')]
        digest = digest_of(now.answer.model_dump_json().encode())
        if not any(revision == now.revision if revision else tag == digest for tag, _, revision in tags):
            raise HttpProblem(
                HTTPStatus.PRECONDITION_FAILED,
                ProblemKind.CHANGED,
                "It was changed since you read it.",
                "Read it again.",
            )

    @property
    def asker(self) -> str:
        """The name under which the caller's idempotency keys are kept, apart from those of all others.

        It holds role and id apart, so that no id of one role reads like a caller of another role.
        """
        return asker_of(self.actor.role, self.actor.id)

    @property
    def act_key(self) -> str | None:
        """The key that an act gets for itself, when it keeps one; ``None`` without an idempotency key.

        Two callers may choose the same key, so the act's key is made of the caller and theirs. It is a digest: the
        act's key goes to billing and into the trace, where the caller's name must not follow (A5).
        """
        if self.key is None:
            return None
        return f"http {digest_of(joined_key(self.asker, self.key).encode())}"

    @property
    def key(self) -> str | None:
        """The idempotency key of the request.

        :raises HttpProblem: the key is not a proper one, or there are several.
        """
        given = self.http.headers.getlist("idempotency-key")
        if not given:
            return None
        key = given[0]
        if len(given) > 1:
            raise invalid_field("header.Idempotency-Key", "must be there once")
        if not 0 < len(key) <= _LONGEST_KEY or not key.isascii() or not key.isprintable():
            raise invalid_field("header.Idempotency-Key", f"must be 1 to {_LONGEST_KEY} printable ASCII characters")
        return key

    def _digest(self, body: BaseModel | None) -> str:
        content = "" if body is None else body.model_dump_json()
        whole = "\n".join([self.http.method, self.http.url.path, self.http.url.query, content])
        return digest_of(whole.encode())


async def current_request(request: Request) -> ServiceRequest:
    """Return the request that an endpoint answers, as its route has prepared it."""
    # A coroutine: FastAPI would hand a plain function to a thread, which costs more than the look-up.
    current: ServiceRequest = request.state.referral
    return current


CurrentRequest = Annotated[ServiceRequest, Depends(current_request)]
"""The parameter by which an endpoint gets its request."""


def _tags(header: str | None) -> list[str]:
    return [] if header is None else [tag.strip().removeprefix("W/") for tag in header.split(",")]


def _replayed(known: Answer, digest: str) -> Response:
    if known.digest != digest:
        raise key_reused()
    if known.text is None:  # pragma: no cover - a claim is filled in the transaction that made it
        raise ConcurrentChange("the same request is being answered at this moment")
    status, revision, content = _KEPT.fullmatch(known.text).groups()  # type: ignore[union-attr] # as it was filled
    body = content.encode()
    response = _response(body, int(status), etag_of(body, revision))
    response.headers["Idempotency-Replayed"] = "true"
    return response


def tagged_response(http: Request, answer: BaseModel, revision: str | None = None) -> Response:
    """Return the response with an answer, or without it if the caller has it already (``If-None-Match``)."""
    body = answer.model_dump_json(exclude_none=False).encode()
    tag = etag_of(body, revision)
    if http.method == "GET" and tag in _tags(http.headers.get("if-none-match")):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
    return _response(body, int(HTTPStatus.OK), tag)


def _response(body: bytes, status: int, tag: str) -> Response:
    # An answer is about one caller's business: no cache between here and there may keep it.
    return Response(body, status, {"ETag": tag, "Cache-Control": "no-store"}, media_type="application/json")
