"""The connection to a service: it sends requests, and sends them again while that is safe and may help."""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote

import attrs
import httpx
from pydantic import BaseModel, ValidationError

from referral_adapters.http.client.errors import Failure, RequestInvalid, Unexpected, Unreachable
from referral_adapters.http.retry import Persistence
from referral_core.values.errors import ReferralError

A = TypeVar("A", bound=BaseModel)
Fields = Mapping[str, Any]

JSON: Final = "application/json"
_LONGEST_KEY: Final = 200


@attrs.frozen
class FailedAttempt:
    """An attempt without an answer: its error, whether another attempt may succeed, and the seconds to wait for it."""

    error: ReferralError
    may_pass: bool
    wait: float = 0.0


class Connection:
    """Sends requests to one service, in the name of one token; safe to use from many threads.

    Reading again is harmless, and every act goes under an idempotency key that all its attempts share: so an act is
    done once, whatever gets lost.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | Callable[[], str] | None,
        language: str | None,
        persistence: Persistence,
        timeout: float,
        transport: httpx.BaseTransport | None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        address = httpx.URL(url)
        if address.scheme not in {"http", "https"} or not address.host or address.userinfo:
            raise ValueError("the URL of a service begins with http:// or https://, and holds no password")
        self._url = url.rstrip("/")
        self._token = token
        self._language = language
        self._persistence = persistence
        # A redirect could lead the token, and the request, to somebody else.
        self._http = httpx.Client(timeout=timeout, transport=transport, follow_redirects=False)
        self.sleep = sleep

    def close(self) -> None:
        """Close the open connections."""
        self._http.close()

    def read(self, kind: type[A], *path: str, query: Fields | None = None) -> A:
        """Return the answer at a path."""
        return _parsed(kind, self._answer("GET", path, query=query))

    def read_text(self, *path: str) -> str:
        """Return the answer at a path as text."""
        return self._answer("GET", path).text

    def ask(self, kind: type[A], *path: str, body: Any, media_type: str = JSON) -> A:  # noqa: ANN401 - any JSON
        """Return the answer to a request that is safe to repeat without a key."""
        content = json.dumps(body).encode()
        return _parsed(kind, self._answer("POST", path, content=content, media_type=media_type))

    def act(self, name: str, body: Fields, *, key: str | None = None, seen: str | None = None) -> httpx.Response:
        """Return the answer to an act; with a key, the act is done once however often it is sent.

        With ``seen``, an entity tag, the act is done only if the thing that it edits still has this tag.
        """
        headers = {"idempotency-key": key, "if-match": seen}
        content = json.dumps(body).encode()
        given = {name: value for name, value in headers.items() if value is not None}
        return self._answer("POST", ("acts", name), content=content, headers=given)

    def key_of(self, key: str | None) -> str:
        """Return an idempotency key: the given one, or a new one.

        :raises RequestInvalid: the given key is too long, or not printable ASCII.
        """
        if key is None:
            return uuid.uuid4().hex
        if not 0 < len(key) <= _LONGEST_KEY or not key.isascii() or not key.isprintable():
            raise RequestInvalid(f"An idempotency key is 1 to {_LONGEST_KEY} printable ASCII characters.")
        return key

    def _answer(
        self,
        method: str,
        path: tuple[str, ...],
        *,
        query: Fields | None = None,
        content: bytes | None = None,
        media_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Return the answer to a request, sent again as long as that may help."""
        url = "/".join([self._url, *map(_place, path)])
        given = dict(headers or {}) | ({} if content is None else {"content-type": media_type})
        params = {name: value for name, value in (query or {}).items() if value is not None}
        attempts, waited, patience = 0, 0.0, self._persistence
        while True:
            request = self._http.build_request(method, url, params=params, content=content, headers=given)
            request.headers.update(self._identity())  # for each attempt: a token may have expired meanwhile
            answer = self._attempt(request)
            if not isinstance(answer, FailedAttempt):
                return answer
            attempts += 1
            pause = max(answer.wait, patience.pauses.after(attempts, random.random()))
            if not answer.may_pass or attempts >= patience.tries or waited + pause > patience.patience:
                raise answer.error
            self.sleep(pause)
            waited += pause

    def _attempt(self, request: httpx.Request) -> httpx.Response | FailedAttempt:
        key = request.headers.get("idempotency-key")
        try:
            answer = self._http.send(request)
        except httpx.RequestError as error:
            failed = Unreachable(f"There is no answer from {self._url}: {type(error).__name__}.", key=key)
            failed.__cause__ = error
            return FailedAttempt(failed, may_pass=True)
        if answer.is_success:
            return answer
        failure = Failure(answer.status_code, answer.content, answer.headers.get)
        return FailedAttempt(failure.error(key), may_pass=failure.may_pass, wait=failure.retry_after)

    def _identity(self) -> dict[str, str]:
        token = self._token() if callable(self._token) else self._token
        headers = {} if self._language is None else {"accept-language": self._language}
        if token is None:
            return headers
        if not token.isascii() or not token.isprintable():
            raise ValueError("a token is printable ASCII")
        return headers | {"authorization": f"Bearer {token}"}


def _parsed(kind: type[A], answer: httpx.Response) -> A:
    """Return the answer in a response, without the fields that only a newer service knows.

    :raises Unexpected: the response is no such answer.
    """
    try:
        parsed = kind.model_validate_json(answer.content, extra="ignore")
    except ValidationError:
        request_id = answer.headers.get("x-request-id")
        key = answer.request.headers.get("idempotency-key")
        message = f"The answer is no {kind.__name__}."
        raise Unexpected(message, status=answer.status_code, request_id=request_id, key=key) from None
    vars(parsed)["etag"] = answer.headers.get("etag")  # where the cached property looks first
    return parsed


def _place(part: str) -> str:
    """Return a part of a path, quoted.

    :raises RequestInvalid: the part would lead elsewhere, or is empty.
    """
    if part in {"", ".", ".."}:
        raise RequestInvalid(f"{part!r} has no place in a path.")
    return quote(part, safe="")
