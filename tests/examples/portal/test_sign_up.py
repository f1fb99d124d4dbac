"""What newcomers meet on the public page, and what signing up does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from httpx import Response

from referral_core import Contract, Referral
from tests.examples.portal.test_self_service import ANNAS, code_of
from tests.examples.portal.visitor import Visitor

NEUTRAL = "This code cannot be used."


@pytest.fixture
def newcomer(visitor: Visitor) -> Visitor:
    """Return somebody who is nobody's customer and speaks English."""
    return visitor.speaks("en")


def signs_up(newcomer: Visitor, **fields: str) -> Response:
    """Send the form of the page."""
    return newcomer.sends("/sign-up", **{"name": "Nele Nurk", "product": "electricity", "code": "", **fields})


def contracts(visitor: Visitor) -> dict[str, Contract]:
    """Return all contracts by the name of their customer, the latest of each."""
    world = visitor.world
    kept = [
        each for account, _ in world.store.contracts.accounts() for each in world.store.contracts.of_account(account)
    ]
    return {world.people.name_of(each.customer): each for each in kept}


def referral_of(visitor: Visitor, name: str) -> Referral | None:
    """Return the referral that somebody's contract carries."""
    return visitor.world.store.referrals.find(contracts(visitor)[name].id)


@pytest.mark.rule("T1")
@pytest.mark.parametrize("language", ["et", "en", "ru", "lv"])
def test_the_link_fills_in_the_code_and_speaks_its_language(visitor: Visitor, language: str) -> None:
    code = code_of(visitor, ANNAS)
    page = visitor.opens(f"/{language}/sign-up", code=code)
    assert f'<html lang="{language}">' in page.text
    assert f'value="{code}"' in page.text
    assert "7" in page.text.split('id="code-answer"')[1].split("</p>")[0]


@pytest.mark.rule("S5", "S6")
def test_while_typing_a_code_is_judged_and_nothing_changes(newcomer: Visitor) -> None:
    annas, ended = code_of(newcomer, ANNAS), code_of(newcomer, "A-1005")
    pending = next(each.account for name, each in contracts(newcomer).items() if name == "Maarja Põld")
    usable = {"usable": True, "sentence": "This code can be used: you will get €7 off your bills."}
    unusable = {"usable": False, "sentence": NEUTRAL}
    spoken = f" {annas[:4].lower()}-{annas[4:]} "
    assert newcomer.opens("/sign-up/check", code=spoken).json() == usable
    for code in (ended, code_of(newcomer, pending), "NOSUCH22"):
        assert newcomer.opens("/sign-up/check", code=code).json() == unusable
    for code in ("", "ABC", "A" * 41):
        assert newcomer.opens("/sign-up/check", code=code).json() == {"usable": None, "sentence": ""}


@pytest.mark.rule("S11")
def test_a_product_outside_the_programme_is_judged_too(newcomer: Visitor) -> None:
    answer = newcomer.opens("/sign-up/check", code=code_of(newcomer, ANNAS), product="solar").json()
    assert answer == {"usable": False, "sentence": NEUTRAL}


@pytest.mark.rule("S1", "S3")
def test_a_customer_is_judged_as_one(newcomer: Visitor) -> None:
    code = code_of(newcomer, ANNAS)
    for name in ("Anna Kask", "Olga Ivanova"):
        assert newcomer.becomes(name).opens("/sign-up/check", code=code).json()["usable"] is False
    assert newcomer.becomes("Dmitri Volkov").opens("/sign-up/check", code=code).json()["usable"] is True


@pytest.mark.rule("S7", "D6")
def test_signing_up_with_a_code_locks_both_amounts(newcomer: Visitor) -> None:
    page = signs_up(newcomer, code=code_of(newcomer, ANNAS).lower())
    assert "Welcome, Nele!" in page.text
    assert "On that day you get €7." in page.text
    assert f"Your own code {code_of(newcomer, contracts(newcomer)['Nele Nurk'].account)} becomes active" in page.text
    referral = referral_of(newcomer, "Nele Nurk")
    assert referral is not None
    assert (referral.referrer, referral.channel) == (ANNAS, "self-service")
    assert [str(offer.amount) for offer in (referral.referrer_offer, referral.referee_offer)] == [
        "15.00 EUR",
        "7.00 EUR",
    ]
    assert "Hello, Nele" in newcomer.opens("/me").text, "who signed up is signed in"


def test_signing_up_without_a_code(newcomer: Visitor) -> None:
    page = signs_up(newcomer, product="gas")
    assert "it was concluded without a code" in page.text
    assert "Your own code" not in page.text, "gas brings none"
    assert referral_of(newcomer, "Nele Nurk") is None
    assert contracts(newcomer)["Nele Nurk"].product == "gas"


@pytest.mark.rule("S6")
def test_an_unusable_code_stops_the_sign_up_which_can_go_on_without_it(newcomer: Visitor) -> None:
    ended = code_of(newcomer, "A-1005")
    page = signs_up(newcomer, code=ended)
    assert page.status_code == 422
    assert NEUTRAL in page.text
    assert "code-ended" not in page.text, "why is for staff"
    assert 'aria-invalid="true"' in page.text
    assert "Nele Nurk" not in contracts(newcomer)
    assert "Welcome, Nele!" in signs_up(newcomer, code=ended, without="yes").text
    assert referral_of(newcomer, "Nele Nurk") is None


@pytest.mark.parametrize("name", ["", "   ", "N" * 81, "Nele\nNurk", "Nele\x00"])
def test_a_name_is_asked_for(newcomer: Visitor, name: str) -> None:
    page = signs_up(newcomer, name=name)
    assert page.status_code == 422
    assert "Please give your name" in page.text
    assert len(contracts(newcomer)) == 13


def test_words_too_long_for_a_code_are_no_code(newcomer: Visitor) -> None:
    page = signs_up(newcomer, code="A" * 41)
    assert (page.status_code, NEUTRAL in page.text) == (422, True)


@pytest.mark.rule("K1")
def test_a_sign_up_that_fails_opens_a_case_with_what_was_promised(newcomer: Visitor) -> None:
    code = code_of(newcomer, ANNAS)
    page = signs_up(newcomer, code=code, fail="yes")
    case = list(newcomer.world.store.cases.all())[-1]
    assert case.id in page.text
    assert f"Your friend&#39;s code {code} and your €7 are kept" in page.text
    assert case.carried is not None
    assert (case.carried.code, str(case.carried.referee.amount)) == (code, "7.00 EUR")
    assert "Nele Nurk" not in contracts(newcomer)


@pytest.mark.rule("K1", "S6")
def test_a_sign_up_that_fails_with_an_unusable_code_opens_a_case_without_it(newcomer: Visitor) -> None:
    page = signs_up(newcomer, code="NOSUCH22", fail="yes")
    case = list(newcomer.world.store.cases.all())[-1]
    assert (case.carried, [str(reason) for reason in case.warnings]) == (None, ["code-unknown"])
    assert "The code that you gave cannot be used." in page.text
    assert "code-unknown" not in page.text


def test_what_happens_next_is_told_to_who_signed_up_only(newcomer: Visitor) -> None:
    signs_up(newcomer)
    assert "Welcome" in newcomer.opens("/sign-up/next").text
    assert "Welcome" not in newcomer.becomes("Anna Kask").opens("/sign-up/next").text


def test_a_customer_signs_up_for_one_more_account(newcomer: Visitor) -> None:
    newcomer.becomes("Marek Lepp")
    signs_up(newcomer)
    marek = next(each.id for each in newcomer.world.people.customers() if each.name == "Marek Lepp")
    assert len({each.account for each in newcomer.world.store.contracts.of_customer(marek)}) == 2


@pytest.mark.rule("S4")
@pytest.mark.parametrize("fails", [{}, {"fail": "yes"}])
def test_a_form_sent_twice_makes_one_newcomer(newcomer: Visitor, fails: dict[str, str]) -> None:
    """Two clicks on the button: the second is on its way before the first is answered, with the same cookie."""
    code, cookies, store = code_of(newcomer, ANNAS), dict(newcomer.client.cookies), newcomer.world.store
    form = {"name": "Nele Nurk", "product": "electricity", "code": code, "token": newcomer.token(), **fails}
    contracts_before, cases_before = len(contracts(newcomer)), len(list(store.cases.all()))

    def click(_: int) -> str:
        browser = Visitor(newcomer.client.app)
        browser.client.cookies.update(cookies)
        page = browser.sends("/sign-up", **form)
        return page.text.split("<main", 1)[1]

    with ThreadPoolExecutor(8) as together:
        pages = {*together.map(click, range(8)), click(8)}
    assert len(pages) == 1
    made = len(contracts(newcomer)) - contracts_before, len(list(store.cases.all())) - cases_before
    assert made == ((0, 1) if fails else (1, 0))
    assert [each.name for each in newcomer.world.people.customers()].count("Nele Nurk") == 1
