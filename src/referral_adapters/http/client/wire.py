"""The wire: sends requests, and sends them again when that is safe and may help."""

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

from referral_adapters.http.client.errors import RequestInvalid, Unexpected, Unreachable
from referral_adapters.http.client.failure import Failure
from referral_adapters.http.client.persistence import Persistence
from referral_core.values.errors import ReferralError

A = TypeVar("A", bound=BaseModel)
Fields = Mapping[str, Any]

JSON: Final = "application/json"
_LONGEST_KEY: Final = 200


@attrs.frozen
class Miss:
    """A try that brought no answer: what to raise, whether another may do better, and after how many seconds."""

    error: ReferralError
    may_pass: bool
    wait: float = 0.0


class Wire:
    """Asks one service, in the name of one token; safe to use from many threads.

    What is read is harmless to ask for again, and every act goes under an idempotency key that all its tries share: so
    whatever gets lost, an act is done once.
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
        self._http = httpx.Client(timeout=timeout, transport=transport, follow_redirects=False)
        self.sleep = sleep

    def close(self) -> None:
        """Close what is open."""
        self._http.close()

    def read(self, kind: type[A], *path: str, query: Fields | None = None) -> A:
        """Return what is shown at a path."""
        return _parsed(kind, self._answer("GET", path, query=query))

    def read_text(self, *path: str) -> str:
        """Return what is shown at a path, as text."""
        return self._answer("GET", path).text

    def ask(self, kind: type[A], *path: str, body: Any, media_type: str = JSON) -> A:  # noqa: ANN401 - any JSON
        """Return what comes of a request that takes effect once by itself, or has no effect."""
        content = json.dumps(body).encode()
        return _parsed(kind, self._answer("POST", path, content=content, media_type=media_type))

    def act(self, name: str, body: Fields, *, key: str | None = None, seen: str | None = None) -> httpx.Response:
        """Return the answer to an act; one that changes something has a key, and is done once however often it is sent.

        With ``seen``, an entity tag, it is done only if what is edited still is what it stands for.
        """
        headers = {"idempotency-key": key, "if-match": seen}
        content = json.dumps(body).encode()
        given = {name: value for name, value in headers.items() if value is not None}
        return self._answer("POST", ("acts", name), content=content, headers=given)

    def key_of(self, key: str | None) -> str:
        """Return a proper idempotency key: a new one when none is given."""
        return _drawn() if key is None else _proper(key)

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
        """Return the answer to a request, asked for again as long as that may help."""
        url = "/".join([self._url, *map(_place, path)])
        given = dict(headers or {}) | ({} if content is None else {"content-type": media_type})
        params = {name: value for name, value in (query or {}).items() if value is not None}
        tried, waited, still = 0, 0.0, self._persistence
        while True:
            request = self._http.build_request(method, url, params=params, content=content, headers=given)
            request.headers.update(self._who())
            answer = self._tried(request)
            if not isinstance(answer, Miss):
                return answer
            tried += 1
            pause = max(answer.wait, still.pauses.after(tried, random.random()))
            if not answer.may_pass or tried >= still.tries or waited + pause > still.patience:
                raise answer.error
            self.sleep(pause)
            waited += pause

    def _tried(self, request: httpx.Request) -> httpx.Response | Miss:
        key = request.headers.get("idempotency-key")
        try:
            answer = self._http.send(request)
        except httpx.RequestError as error:
            failed = Unreachable(f"There is no answer from {self._url}: {type(error).__name__}.", key=key)
            failed.__cause__ = error
            return Miss(failed, may_pass=True)
        if answer.is_success:
            return answer
        failure = Failure(answer.status_code, answer.content, answer.headers.get)
        return Miss(failure.error(key), may_pass=failure.may_pass, wait=failure.retry_after)

    def _who(self) -> dict[str, str]:
        token = self._token() if callable(self._token) else self._token
        said = {} if self._language is None else {"accept-language": self._language}
        if token is None:
            return said
        if not token.isascii() or not token.isprintable():
            raise ValueError("a token is printable ASCII")
        return said | {"authorization": f"Bearer {token}"}


def _parsed(kind: type[A], answer: httpx.Response) -> A:
    """Read an answer; what a newer service says besides is passed over."""
    try:
        parsed = kind.model_validate_json(answer.content, extra="ignore")
    except ValidationError:
        request_id = answer.headers.get("x-request-id")
        key = answer.request.headers.get("idempotency-key")
        message = f"The answer is no {kind.__name__}."
        raise Unexpected(message, status=answer.status_code, request_id=request_id, key=key) from None
    vars(parsed)["etag"] = answer.headers.get("etag")  # as a cached property keeps it: for ``seen``
    return parsed


def _place(part: str) -> str:
    """Return a part of a path; one that would be no part, or lead elsewhere, is refused before it is sent."""
    if part in {"", ".", ".."}:
        raise RequestInvalid(f"{part!r} has no place in a path.")
    return quote(part, safe="")


def _drawn() -> str:
    return uuid.uuid4().hex


def _proper(key: str) -> str:
    if not 0 < len(key) <= _LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise RequestInvalid(f"An idempotency key is 1 to {_LONGEST_KEY} printable ASCII characters.")
    return key
