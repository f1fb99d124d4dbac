"""Guessing codes is slow on every page: whatever looks at a code draws on its visitor's limit (A4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import attrs
import pytest
from fastapi import FastAPI
from httpx import Response

from examples.portal.app import PARTS
from examples.portal.catalogue import LANGUAGES, Texts
from referral_adapters.http import Rate
from referral_adapters.sql import SqlStore
from referral_adapters.sql.codes import SqlCodes
from tests.examples.portal.test_self_service import ANNAS, code_of
from tests.examples.portal.visitor import HERE, Visitor

pytestmark = pytest.mark.rule("A4")

GUESS: Final = "GUESS234"
PLACES: Final = {"account": ANNAS, "code": GUESS, "contract": "K-1015", "language": "en"}
FORM: Final = {
    "code": GUESS, "means": "link", "name": "Nele Nurk", "reason": "x", "product": "electricity",
    "segment": "household", "customer": "C-1001", "step": "show",
}  # fmt: skip
KNOWN: Final = {
    ("GET", "/sign-up"),
    ("GET", "/sign-up/check"),
    ("POST", "/sign-up"),
    ("POST", "/me/share"),
    ("GET", "/accounts"),
    ("GET", "/sales"),
    ("POST", "/sales/new"),
    ("POST", "/sales/sign-ups/{contract}/code"),
    ("POST", "/accounts/{account}/codes/new"),
}
"""Pages that look at a code; there may be more."""


@attrs.define
class Limiter:
    """A limiter that lets so many in, and notes under which keys."""

    most: int
    keys: list[str] = attrs.field(factory=list)

    def take(self, key: str, rate: Rate) -> float:
        """Note the key."""
        assert rate.count >= 1
        self.keys.append(key)
        return 0.0 if len(self.keys) <= self.most else 7.0


def limit(visitor: Visitor, most: int) -> Limiter:
    """Let a few codes be given at the portal, and then none."""
    limiter = visitor.world.desk.limiter = Limiter(most)
    return limiter


def answers(visitor: Visitor) -> dict[tuple[str, str], Response]:
    """Ask every page there is, with a guessed code wherever it takes a text."""
    token, told = visitor.token(), {}
    for route in [route for part in PARTS for route in part.router.routes if hasattr(route, "dependant")]:
        path = re.sub(r"\{(\w+)\}", lambda place: PLACES.get(place[1], "X"), route.path)
        query = {each.name: GUESS for each in route.dependant.query_params if each.field_info.annotation is not int}
        for method in route.methods:
            form = {"data": {"token": token, **FORM}, "headers": {"origin": HERE}} if method == "POST" else {}
            more: Any = {"params": query, **form}
            if route.path in {"/person", "/language", "/clock"}:  # who asks, in which language, and when: no code
                continue
            told[method, route.path] = visitor.client.request(method, path, follow_redirects=False, **more)
    return told


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the texts that the store is asked about, in whatever question about codes."""
    asked = list[str]()

    def noting(ask: Callable[..., Any]) -> Callable[..., Any]:
        def ask_and_note(self: object, *given: object, **named: object) -> object:
            asked.append(repr((given, named)))
            return ask(self, *given, **named)

        return ask_and_note

    for name in ("find", "evidence", "taken", "add", "add_sharing"):
        monkeypatch.setattr(SqlCodes, name, noting(getattr(SqlCodes, name)))
    monkeypatch.setattr(SqlStore, "run", noting(SqlStore.run))
    return asked


def test_no_page_looks_at_a_code_once_the_limit_is_reached(portal: FastAPI, looked_at: list[str]) -> None:
    slowed = set[tuple[str, str]]()
    for who in (None, "Anna Kask", "Andres Aas"):
        visitor = Visitor(portal)
        if who is not None:
            visitor.becomes(who)
        limit(visitor, 0)
        told = answers(visitor)
        slowed |= {page for page, answer in told.items() if answer.status_code == 429}
        assert {answer.headers["retry-after"] for answer in told.values() if answer.status_code == 429} == {"7"}
        assert max(answer.status_code for answer in told.values()) < 500
    assert slowed >= KNOWN
    assert [each for each in looked_at if GUESS in each] == []


def test_the_pages_look_at_codes_until_then(visitor: Visitor, looked_at: list[str]) -> None:
    limit(visitor, 10**6)
    assert 429 not in {answer.status_code for answer in answers(visitor).values()}
    assert any(GUESS in each for each in looked_at)


def test_codes_count_for_the_visitor_even_where_the_portal_asks_in_its_own_name(portal: FastAPI) -> None:
    for who, keys in (
        (None, {"address testclient"}),
        ("Anna Kask", {"address testclient", "caller customer C-1001"}),
        ("Mari Mets", {"staff address testclient", "caller agent mari.mets"}),
    ):
        visitor = Visitor(portal)
        if who is not None:
            visitor.becomes(who)
        limiter = limit(visitor, 10**6)
        answers(visitor)
        assert set(limiter.keys) == keys


def test_ones_own_page_does_not_count(visitor: Visitor) -> None:
    visitor.becomes("Anna Kask")
    limiter = limit(visitor, 0)
    assert code_of(visitor, ANNAS) in visitor.opens("/me").text
    assert limiter.keys == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_it_in_the_readers_language_and_tells_nothing(visitor: Visitor, language: str) -> None:
    known = code_of(visitor, ANNAS)
    visitor.speaks(language)
    limit(visitor, 0)
    pages = [visitor.opens("/sign-up", code=code) for code in (known, GUESS)]
    assert {page.status_code for page in pages} == {429}
    assert f'<html lang="{language}">' in pages[0].text
    assert Texts.of(language)("wrong.slowly-lead") in pages[0].text
    assert pages[0].text.replace(known, GUESS) == pages[1].text


def test_a_script_is_told_in_a_sentence(visitor: Visitor) -> None:
    visitor.speaks("en")
    limit(visitor, 1)
    asked = {"params": {"code": GUESS}, "headers": {"Accept": "application/json"}}
    told = [visitor.client.get("/sign-up/check", **asked) for _ in range(2)]
    assert [(each.status_code, each.json()["usable"]) for each in told] == [(200, False), (429, None)]
    assert told[1].json()["sentence"] == "Those were many codes. Please wait a little before you try another."
    assert told[1].headers["retry-after"] == "7"


def test_pages_and_api_draw_on_one_limit(visitor: Visitor) -> None:
    for _ in range(60):
        visitor.opens("/sign-up/check", code=GUESS)
    told = [visitor.client.post("/api/code-checks", json={"code": GUESS}).status_code for _ in range(10)]
    assert 429 in told, "a few come back meanwhile, as time goes by"
