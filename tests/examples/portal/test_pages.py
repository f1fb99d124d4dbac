"""Every page, for everybody it is for, in every language."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

import examples.portal
from examples.portal.catalogue import LANGUAGES, Texts, preferred
from examples.portal.security import HEADERS
from tests.examples.portal.visitor import Visitor

ADMINISTRATION: Final = (
    "/administration",
    "/administration/groups/referrer",
    "/administration/trace?about=programme",
    "/administration/stuck",
    "/administration/downloads",
    "/administration/settings",
)
PORTAL: Final = Path(examples.portal.__file__).parent
PLACES: Final = re.compile(r"{(\w+)")
RULE: Final = re.compile(r"\b[A-Z][0-9]{1,2}\b")
NAMED: Final = re.compile(r'(?:\bt|texts|\.note)\(\s*"([^"]+)"[,)]')
EVIL: Final = '"><script>alert(1)</script>'
STARTED: Final = "<script>alert"

PAGES: Final = {
    "Anna Kask": ("/", "/me", "/me?share=ru", "/sign-up", "/sign-up?code=NOSUCH"),
    "Līga Bērziņa": ("/me", "/me?account=A-1012"),
    "Pagaripoisid OÜ": ("/me",),
    "Dmitri Volkov": ("/me",),
    "Mari Mets": ("/", "/sales", "/accounts"),
    "Tiina Tamm": ("/", "/sales", "/accounts"),
    "Andres Aas": ("/", "/sales", "/accounts", *ADMINISTRATION),
}
"""Who sees which pages: customers with all there can be, two accounts, no code, no account; and staff."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_pages_are_shown_in_every_language(visitor: Visitor, name: str, language: str) -> None:
    visitor.becomes(name).speaks(language)
    for path in PAGES[name]:
        page = visitor.opens(path)
        assert page.status_code == 200, path
        assert f'<html lang="{language}">' in page.text


def test_a_language_that_was_chosen_stays_whoever_one_becomes(visitor: Visitor) -> None:
    assert '<html lang="ru">' in visitor.speaks("ru").becomes("Anna Kask").opens("/me").text


@pytest.mark.parametrize("path", ["/", "/me", "/no/such/page", "/static/portal.css", "/sign-up/check?code=ABCD"])
def test_every_answer_says_what_a_browser_may_do_with_it(visitor: Visitor, path: str) -> None:
    answer = visitor.opens(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_pages_hold_no_script_and_no_style_of_their_own(visitor: Visitor) -> None:
    visitor.becomes("Anna Kask")
    for path in PAGES["Anna Kask"]:
        text = visitor.opens(path).text
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", text), path


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_texts_with_the_same_places(language: str) -> None:
    ours, english = Texts.of(language), Texts.of("en")
    assert ours.keys == english.keys
    for key in english.keys - {"date.short"}:  # a month is a number in some, a word in others
        assert set(PLACES.findall(ours.text(key))) == set(PLACES.findall(english.text(key))), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_names_a_rule(language: str) -> None:
    texts = Texts.of(language)
    assert [key for key in texts.keys if RULE.search(texts.text(key))] == []


def test_every_text_that_is_named_is_there() -> None:
    files = [*PORTAL.rglob("*.py"), *PORTAL.rglob("*.html")]
    named = {key for file in files for key in NAMED.findall(file.read_text(encoding="utf-8"))}
    assert len(named) > 50
    assert named - Texts.of("en").keys == set()


def test_a_text_in_a_language_that_the_portal_does_not_speak() -> None:
    with pytest.raises(LookupError, match="no texts in 'fi'"):
        Texts.of("fi")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("lv-LV,lv;q=0.9,en;q=0.8", "lv"), ("fi, ru;q=0.5", "ru"), ("", "et"), ("*", "et")],
)
def test_the_browsers_language_is_taken_until_one_is_chosen(visitor: Visitor, accepted: str, language: str) -> None:
    assert preferred(accepted) == language
    visitor.client.headers["accept-language"] = accepted
    assert f'<html lang="{language}">' in visitor.opens("/").text
    assert '<html lang="en">' in visitor.speaks("en").opens("/").text


def test_what_people_type_is_never_a_part_of_the_page(visitor: Visitor) -> None:
    pages = [
        visitor.opens("/sign-up", code=EVIL),
        visitor.sends("/sign-up", name=EVIL, code=EVIL, product=EVIL),
        visitor.opens("/me", account=EVIL, share=EVIL),
        visitor.opens(f"/{EVIL}"),
        visitor.sends("/clock", day=EVIL, step=EVIL, here=EVIL),
        visitor.sends("/sign-up", name=EVIL, code="", product="electricity"),  # who is a customer by that name now
        *(visitor.opens(path) for path in ("/", "/me", "/sign-up/next")),
    ]
    assert not [page.url for page in pages if STARTED in page.text]
    assert "&lt;script&gt;alert" in pages[-1].text


@pytest.mark.parametrize("here", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "me"])
def test_a_form_leads_back_to_a_page_of_the_portal_only(visitor: Visitor, here: str) -> None:
    visitor.client.follow_redirects = False
    answer = visitor.sends("/language", language="ru", here=here)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.rule("C11")
def test_the_start_says_how_the_code_of_each_customer_stands(visitor: Visitor) -> None:
    text = visitor.speaks("en").opens("/").text
    for name, says in (("Anna Kask", "code: active"), ("Maarja Põld", "code: pending"), ("Peeter Saar", "no code")):
        assert f"{name} <small>{says}</small>" in text


def test_a_page_that_is_not_there(visitor: Visitor) -> None:
    page = visitor.speaks("en").opens("/no/such/page")
    assert page.status_code == 404
    assert "There is no such page" in page.text
