"""What keeps strangers out: tokens, origins, sessions, roles; and customers from seeing one another."""

from __future__ import annotations

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
