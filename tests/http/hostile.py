"""Hostile requests, the same ones for the same seed: proper requests that somebody has tampered with."""

from __future__ import annotations

import json
import random
import string
import time
from collections.abc import Callable
from typing import Any, Final

import jwt

from referral_adapters.http.app import ENDPOINTS
from tests.http.document import Document
from tests.http.door import KEY, RawRequest, token
from tests.http.proper_requests import PROPER

CALLERS: Final = ("system", "administrator", "supervisor", "agent", "customer:C-1", "customer:C-6", "customer:nobody")
IDS: Final = (
    "A",
    "B",
    "E",
    "G",
    "G2",
    "Q",
    "K-1",
    "K-2",
    "K-3",
    "K-4",
    "C-1",
    "C-4",
    "C-6",
    "LT-7",
    "A123",
    "referrer",
)
WORDS: Final = (
    "'; DROP TABLE contracts; --", "' OR '1'='1", "1; SELECT pg_sleep(9)", "<script>alert(1)</script>", "{{7*7}}",
    "${jndi:ldap://x}", "../../etc/passwd", "=1+1", "%s%s%n", "a\0b", "\ud800", "\udfff\ud800", "\u202eabc", "ﬁ", "",
    " ",
    "x" * 5_000, "İ", "\u0000", "null", "0", "-1", "1e400", "NaN", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z",
    "2021-02-30", "2021-03-28T03:30:00", "9" * 400, "١٢", "\r\nX: y", "A" * 201, "😀" * 60,
)  # fmt: skip
VALUES: Final[tuple[Any, ...]] = (
    *WORDS, None, True, False, 0, -1, 10**40, 1.5, 1e300, float("nan"), float("inf"), [], [[]], {}, {"a": {"b": []}},
    ["A123"], {"moment": "2021-03-01T00:00:00Z"}, {"$ne": None}, {"__class__": "x"},
)  # fmt: skip
PLACES: Final = (
    "%2F", "..", "%2E%2E", "%00", ".", "%", "%zz", "%C0%AF", "%F0%9F%98%80", "%0d%0aX:%20y", ";a=b",
    "%27%20OR%201=1", "*",
    "a" * 3_000, "%ff%fe", "", "A%20", "~", "A%2e", "%3Cscript%3E", "%2e%2e%2fcontracts", "\\", "A%3Fx=1", "A%23",
)  # fmt: skip
QUERIES: Final = (
    "limit=0", "limit=-1", "limit=999999999999999999999", "limit=x", "limit=1&limit=2", "cursor=", "cursor=AA",
    "cursor=LTE",
    "cursor=%00", "cursor=OTk5OTk5OTk5OTk5OTk5", "cursor=" + "A" * 5_000, "cursor=J09SMT0x", "open=maybe",
    "channel=%00",
    "customer=C-1", "customer=C-4&customer=C-6", "subject=account:A", "subject=%00",
    "subject=" + "x" * 9_000, "contract=K-4",
    "contract=K-1&subject=account:A", "act=nothing", "since=yesterday", "since=0001-01-01T00:00:00Z", "%ff=%ff", "&&&=",
    "since=2021-01-01T00:00:00Z&until=2020-01-01T00:00:00Z&subject=account:A", "a[]=1", "__proto__[x]=1", "=", "?",
)  # fmt: skip
HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"content-type", b"text/plain"), (b"content-type", b"application/json; charset=utf-16"),
    (b"content-type", b"\xff"),
    (b"content-type", b"application/cloudevents-batch+json"), (b"content-type", b"multipart/form-data"),
    (b"content-type", b""),
    (b"content-length", b"999999999999"), (b"content-length", b"-1"), (b"content-length", b"x"),
    (b"content-length", b"1"),
    (b"content-length", b"0"), (b"transfer-encoding", b"chunked, identity"), (b"content-encoding", b"gzip"),
    (b"authorization", b"Bearer x.y.z"), (b"authorization", b""), (b"authorization", b"Basic eDp4"),
    (b"cookie", b"a=b"),
    (b"idempotency-key", b""), (b"idempotency-key", b"k"), (b"idempotency-key", b"\x00"),
    (b"idempotency-key", b"k" * 9_000),
    (b"idempotency-key", "ключ".encode()), (b"if-match", b'"0"'), (b"if-match", b"\xff,,,"), (b"if-match", b"*"),
    (b"if-none-match", b"*"), (b"if-none-match", b'W/"' + b"0" * 9_000), (b"accept-language", b"en;q=9e999,\xff;q=,,"),
    (b"accept-language", b"," * 9_000), (b"accept", b"text/html"), (b"x-request-id", b"a\r\nset-cookie: x=1"),
    (b"x-request-id", b"../../x"), (b"host", b"evil.example.com"), (b"x-forwarded-for", b"127.0.0.1"),
    (b"range", b"bytes=0-"),
    (b"x-http-method-override", b"DELETE"), (b"expect", b"100-continue"), (b"origin", b"null"),
    (b"x-big", b"x" * 60_000),
)  # fmt: skip
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get", "X")


class Hostile:
    """Somebody who tampers with proper requests, by chance but the same way for the same seed."""

    def __init__(self, document: Document, seed: int) -> None:
        self._document = document
        self._chance = random.Random(seed)

    def request(self) -> tuple[RawRequest, str]:
        """Return a request that was tampered with once or more, and in whose name it is."""
        chance = self._chance
        endpoint = chance.choice(ENDPOINTS)
        path, body = PROPER[endpoint.name].path, self._document.body_example(endpoint)
        by, authorization = self._caller(PROPER[endpoint.name].by)
        content = b"" if body is None else json.dumps(body).encode()
        headers = [(b"authorization", authorization)] if authorization else []
        headers += [(b"content-type", b"application/json")] if body is not None else []
        method = endpoint.method
        for what in chance.sample(
            ("body", "body", "path", "query", "headers", "method", "caller"), chance.randint(1, 3)
        ):
            if what == "body" and body is not None:
                content = chance.choice(BODIES)(chance, body)
            elif what == "path":
                path = self._moved(path)
            elif what == "query":
                path = path.partition("?")[0] + "?" + "&".join(chance.sample(QUERIES, chance.randint(1, 2)))
            elif what == "headers":
                headers += chance.sample(HEADERS, chance.randint(1, 3))
            elif what == "method" and chance.random() < 0.3:
                method = chance.choice(METHODS)
        return RawRequest(method, path, tuple(headers), self._in_parts(content)), by

    def _caller(self, proper: str) -> tuple[str, bytes]:
        chance = self._chance
        by = proper if chance.random() < 0.5 else chance.choice(CALLERS)
        if chance.random() < 0.15:
            return "", chance.choice(NOT_HOLDING)(by)
        role, _, subject = by.partition(":")
        limits: dict[str, Any] = {"accounts": ["G"]} if chance.random() < 0.1 else {}
        return by, f"Bearer {token(role, subject or None, **limits)}".encode()

    def _moved(self, path: str) -> str:
        """Put something else into one place of a path: another's id, or what no path should have."""
        bare, mark, query = path.partition("?")
        parts = bare.split("/")
        place = self._chance.randrange(1, len(parts))
        parts[place] = self._chance.choice(IDS if self._chance.random() < 0.4 else PLACES)
        if self._chance.random() < 0.1:
            parts.insert(place, self._chance.choice(("", ".", "..", "A")))
        return "/".join(parts) + mark + query

    def _in_parts(self, content: bytes) -> tuple[bytes, ...]:
        if self._chance.random() < 0.8:
            return (content,)
        size = self._chance.randint(1, 40)
        return (*(content[at : at + size] for at in range(0, min(len(content), 4_000), size)), content[4_000:], b"")


def _replaced(chance: random.Random, body: Any) -> bytes:  # noqa: ANN401 - any JSON
    changed = dict(body)
    for field in chance.sample(sorted(changed), chance.randint(1, len(changed))):
        changed[field] = chance.choice(VALUES)
    return json.dumps(changed).encode()


def _every_field(chance: random.Random, body: Any) -> bytes:  # noqa: ANN401
    return json.dumps(dict.fromkeys(body, chance.choice(WORDS))).encode()


def _of_another(chance: random.Random, body: Any) -> bytes:  # noqa: ANN401
    ids = {
        field: chance.choice(IDS)
        for field in body
        if field in {"account", "customer", "contract", "code", "from", "to"}
    }
    return json.dumps({**body, **ids}).encode()


def _more(chance: random.Random, body: Any) -> bytes:  # noqa: ANN401
    return json.dumps(
        {**body, chance.choice(("admin", "at", "role", "__proto__", "\ud800", "")): chance.choice(VALUES)}
    ).encode()


def _less(chance: random.Random, body: Any) -> bytes:  # noqa: ANN401
    kept = chance.sample(sorted(body), chance.randrange(len(body)))
    return json.dumps({field: body[field] for field in kept}).encode()


def _twice(chance: random.Random, body: Any) -> bytes:  # noqa: ANN401
    pairs = [*body.items(), (chance.choice(sorted(body)), chance.choice(VALUES))]
    return ("{" + ",".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in pairs) + "}").encode()


def _broken(chance: random.Random, body: Any) -> bytes:  # noqa: ANN401
    text = json.dumps(body).encode()
    cut = text[: chance.randrange(len(text))]
    odd = chance.choice([b"", b"\xff", b"\xed\xa0\x80", b"\0", b"}}", b",", b"'", b"\xef\xbb\xbf"])
    return cut + odd + (text[len(cut) :] if chance.random() < 0.5 else b"")


def _nested(chance: random.Random, body: Any) -> bytes:  # noqa: ANN401
    depth = chance.choice([40, 300, 900, 1_000, 5_000, 30_000])
    opening, closing = chance.choice([(b'{"a":', b"}"), (b"[", b"]")])
    nested = opening * depth + b"1" + closing * depth
    field = json.dumps(chance.choice(sorted(body))).encode()
    return nested if chance.random() < 0.3 else b"{" + field + b":" + nested + b"}"


def _giant(chance: random.Random, body: Any) -> bytes:  # noqa: ANN401
    return json.dumps({**body, chance.choice(sorted(body)): "x" * chance.choice([70_000, 200_000])}).encode()


def _something_else(chance: random.Random, _: Any) -> bytes:  # noqa: ANN401
    return chance.choice([*ELSE, chance.randbytes(chance.randint(1, 60))])


ELSE: Final = (
    b"[]", b"null", b"0", b'""', b"true", b"NaN", b"-Infinity", b"1" * 5_000, b"[" * 60_000, b"[{}]", b"<a/>", b"a=b",
    b"[" + b"{}," * 1_200 + b"{}]", b'"\\ud800"', b"\x1f\x8b\x08", b" " * 70_000,
)  # fmt: skip
BODIES: Final[tuple[Callable[[random.Random, Any], bytes], ...]] = (
    _replaced, _replaced, _every_field, _of_another, _more, _less, _twice, _broken, _nested, _giant, _something_else,
)  # fmt: skip


def _expired(by: str) -> bytes:
    return f"Bearer {token(by.partition(':')[0], exp=int(time.time()) - 60)}".encode()


def _forged(by: str) -> bytes:
    return f"Bearer {token(by.partition(':')[0], key=KEY[::-1])}".encode()


def _unsigned(by: str) -> bytes:
    return f"Bearer {jwt.encode({'sub': by, 'role': 'system', 'exp': 4_000_000_000}, '', algorithm='none')}".encode()


def _odd(_: str) -> bytes:
    return b"Bearer " + string.printable.encode()


NOT_HOLDING: Final[tuple[Callable[[str], bytes], ...]] = (lambda _: b"", _expired, _forged, _unsigned, _odd)
