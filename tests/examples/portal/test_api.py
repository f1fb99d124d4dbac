"""The HTTP API beside the portal's pages, asked as its page for developers says."""

from __future__ import annotations

import html
import re

from tests.examples.portal.visitor import Visitor


def token_shown_to(visitor: Visitor) -> str:
    """Return the token on the page for developers."""
    found = re.search(r"TOKEN=([\w.-]+)", html.unescape(visitor.opens("/developers").text))
    assert found is not None
    return found[1]


def test_the_token_on_the_page_lets_its_bearer_see_what_is_theirs(visitor: Visitor) -> None:
    anna = visitor.becomes("Anna Kask")
    bearer = {"Authorization": f"Bearer {token_shown_to(anna)}"}
    accounts = anna.client.get("/api/accounts", headers=bearer).json()["items"]
    code = anna.client.get(f"/api/accounts/{accounts[0]}/code", headers=bearer).json()
    assert code["status"] == "active"
    assert code["code"] in anna.opens("/me").text
    assert anna.client.get("/api/contracts", headers=bearer).status_code == 403


def test_an_agents_token_is_limited_to_the_agents_segments(visitor: Visitor) -> None:
    mari = visitor.becomes("Mari Mets")
    bearer = {"Authorization": f"Bearer {token_shown_to(mari)}"}
    contracts = mari.client.get("/api/contracts?limit=200", headers=bearer).json()["items"]
    assert {each["contract"]["segment"] for each in contracts} == {"household"}


def test_nobody_in_particular_has_no_token_and_may_still_check_a_code(visitor: Visitor) -> None:
    assert visitor.opens("/developers").status_code == 403
    answer = visitor.client.post("/api/code-checks", json={"code": "NOSUCHCODE"})
    assert answer.json()["usable"] is False
    assert visitor.client.get("/api/openapi.json").json()["openapi"].startswith("3.1")
