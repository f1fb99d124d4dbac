"""What keeps strangers out: tokens, origins, sessions, roles; and customers from seeing one another."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from examples.portal.security import COOKIE
from tests.examples.portal.visitor import HERE, Visitor

FORMS = {
    "/person": {"person": "andres.aas"},
    "/language": {"language": "ru", "here": "/"},
    "/clock": {"step": "month", "here": "/"},
    "/sign-up": {"name": "Nele Nurk", "product": "electricity", "code": ""},
    "/me/share": {"means": "link", "code": "any"},
}


def state(visitor: Visitor) -> object:
    """Return what forms could change."""
    world = visitor.world
    return world.clock.now, world.people.customers(), tuple(world.store.contracts.accounts()), visitor.opens("/").text


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "sent",
    [
        {"token": "made up"},
        {"token": ""},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": None},
    ],
    ids=["a foreign token", "no token", "a foreign origin", "a hidden origin", "no origin"],
)
def test_a_form_from_elsewhere_is_refused_and_does_nothing(
    visitor: Visitor, path: str, sent: dict[str, str | None]
) -> None:
    visitor.becomes("Anna Kask").speaks("en")
    before = state(visitor)
    page = visitor.sends(path, **{**FORMS[path], **sent})
    assert page.status_code == 403
    assert "The form was not accepted" in page.text
    assert state(visitor) == before


def test_a_token_is_good_for_its_own_session_only(visitor: Visitor) -> None:
    stranger = Visitor(visitor.client.app)
    assert visitor.sends("/person", person="andres.aas", token=stranger.token()).status_code == 403


def test_becoming_somebody_takes_a_new_token(visitor: Visitor) -> None:
    before = visitor.token()
    visitor.becomes("Anna Kask")
    assert visitor.token() != before


def test_a_form_that_is_too_long_is_refused(visitor: Visitor) -> None:
    assert visitor.sends("/sign-up", name="N" * 40_000, code="").status_code == 403


def test_a_session_that_was_tampered_with_is_nobodys(visitor: Visitor) -> None:
    visitor.becomes("Andres Aas")
    cookie = visitor.client.cookies[COOKIE]
    assert visitor.opens("/administration").status_code == 200
    visitor.client.cookies.set(COOKIE, "A" + cookie[1:])
    assert visitor.opens("/administration").status_code == 403


@pytest.mark.parametrize("cookie", ["", ".", "nonsense", "e30=.00", "\N{LATIN SMALL LETTER E WITH ACUTE}.1"])
def test_a_cookie_that_nobody_signed_begins_a_new_session(visitor: Visitor, cookie: str) -> None:
    page = visitor.client.get("/", headers={"cookie": f"{COOKIE}={cookie}".encode()})
    assert page.status_code == 200


def test_the_cookie_is_for_browsers_alone(visitor: Visitor) -> None:
    attributes = visitor.opens("/").headers["set-cookie"].split("; ")[1:]
    assert attributes == ["Path=/", "HttpOnly", "SameSite=Lax"]
    secure = visitor.client.get("https://testserver/", headers={"cookie": ""})
    assert secure.headers["set-cookie"].endswith("; Secure")


@pytest.mark.rule("A1")
@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/me", {"Anna Kask"}),
        ("/sales", {"Mari Mets", "Juris Ozols", "Tiina Tamm", "Andres Aas"}),
        ("/accounts", {"Mari Mets", "Juris Ozols", "Tiina Tamm", "Andres Aas"}),
        ("/administration", {"Andres Aas"}),
        ("/sign-up", {"Anna Kask", None}),
    ],
)
def test_a_page_is_for_its_roles_alone(visitor: Visitor, path: str, names: set[str | None]) -> None:
    for name in (None, "Anna Kask", "Mari Mets", "Juris Ozols", "Tiina Tamm", "Andres Aas"):
        if name is not None:
            visitor.becomes(name)
        page = visitor.opens(path)
        assert page.status_code == (200 if name in names else 403), name
        assert (f'href="{path}"' in page.text) == (name in names), "a page is in the navigation of those it is for"


@pytest.mark.rule("A1", "T2")
def test_a_customer_sees_nothing_of_another(visitor: Visitor) -> None:
    world = visitor.world
    annas = visitor.becomes("Anna Kask").opens("/me").text
    friends = {referral.referee_customer for referral in world.store.referrals.all(referrer="A-1001")}
    assert len(friends) == 3
    for friend in friends:
        number = friend.removeprefix("C-")
        assert world.people.name_of(friend) not in annas
        assert not [id_ for id_ in (f"C-{number}", f"A-{number}", f"K-{number}") if id_ in annas]


@pytest.mark.rule("A1")
@pytest.mark.parametrize("account", ["A-1002", "A-9999"])
def test_a_customer_asking_for_another_account_is_told_the_same_whether_it_is_there(
    visitor: Visitor, account: str
) -> None:
    page = visitor.becomes("Anna Kask").speaks("en").opens("/me", account=account)
    assert page.status_code == 403
    assert "This cannot be done." in page.text
    assert account not in page.text.replace(f"account={account}", "")


@pytest.mark.rule("A1")
def test_a_customer_passes_on_no_code_of_another(visitor: Visitor) -> None:
    code = visitor.world.store.promo_codes.of_account("A-1003")[-1].text
    assert visitor.becomes("Anna Kask").sends("/me/share", code=code, means="link").status_code == 403
    assert visitor.world.store.promo_codes.times_shared("A-1003") == 1


def test_a_form_needs_the_origin_that_the_browser_sees(visitor: Visitor) -> None:
    assert visitor.sends("/language", origin=HERE, language="ru", here="/").status_code == 200
    assert visitor.sends("/language", origin=f"{HERE}:8000", language="en", here="/").status_code == 403


@pytest.mark.parametrize("host", ["elsewhere.example", "testserver.elsewhere.example", "testserver:80:80", "", "[::1]"])
@pytest.mark.parametrize("path", ["/", "/en/sign-up?code=A123", "/api/health", "/static/portal.css"])
def test_the_portal_answers_under_its_own_names_alone(visitor: Visitor, host: str, path: str) -> None:
    answer = visitor.client.get(path, headers={"host": host}, follow_redirects=False)
    assert (answer.status_code, answer.text) == (421, "This is not the host that you asked for.")


@pytest.mark.parametrize("host", ["testserver", "TESTSERVER:8000", "localhost:8000", "127.0.0.1"])
def test_the_names_that_the_portal_was_given_lead_to_it(visitor: Visitor, host: str) -> None:
    assert visitor.client.get("/", headers={"host": host}).status_code == 200


def test_a_customer_cannot_share_without_end(visitor: Visitor) -> None:
    page = visitor.becomes("Anna Kask").speaks("en").opens("/me").text
    found = re.search(r'data-code="([^"]+)"', page)
    assert found is not None
    fields = {"token": visitor.token(), "means": "link", "code": found[1]}
    answers = [
        visitor.client.post("/me/share", data=fields, headers={"origin": HERE, "accept": "application/json"})
        for _ in range(35)
    ]
    assert [each.status_code for each in answers[:30]] == [200] * 30
    late = next(each for each in answers if each.status_code != 200)
    assert (late.status_code, int(late.headers["retry-after"]) > 0) == (429, True)
    assert "Please wait a little" in visitor.sends("/me/share", **fields).text


def test_a_client_that_leaves_amid_a_form_is_no_defect(visitor: Visitor) -> None:
    told: list[int] = []

    async def leave() -> None:
        scope = {
            "type": "http", "method": "POST", "path": "/person", "query_string": b"", "scheme": "http",
            "http_version": "1.1", "client": ("192.0.2.1", 1), "server": ("testserver", 80), "root_path": "",
            "headers": [
                (b"host", b"testserver"), (b"origin", HERE.encode()), (b"content-length", b"100"),
                (b"content-type", b"application/x-www-form-urlencoded"),
            ],
        }  # fmt: skip
        parts: list[dict[str, Any]] = [
            {"type": "http.request", "body": b"token=x", "more_body": True},
            {"type": "http.disconnect"},
        ]

        async def receive() -> dict[str, Any]:
            return parts.pop(0)

        async def send(message: Any) -> None:  # noqa: ANN401 - a message of ASGI
            told.extend([message["status"]] if "status" in message else [])

        await visitor.client.app(scope, receive, send)

    asyncio.run(leave())
    assert told == [499]
