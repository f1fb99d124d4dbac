"""What a customer passes on, in each language, with the code filled in (T1)."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.programme.programme import Programme
from referral_core.programme.settings import SharingTemplate, SharingText, percent_encoded
from referral_core.values.errors import ProgrammeInvalid

pytestmark = pytest.mark.rule("T1")

GOOD: Final = SharingTemplate("Code", "Give {code}", "https://example.com/sign-up?code={code}")


def with_template(template: SharingTemplate) -> Programme:
    return Programme(languages=("en",), sharing={"en": template})


def test_a_share_sheet_gets_a_title_a_text_and_a_link() -> None:
    assert Programme().sharing_text("MIHKEL2025", "en") == SharingText(
        title="Elektrum promo code",
        text="Sign a contract with Elektrum and give my promo code MIHKEL2025. "
        "We will both get a discount on our bills.",
        url="https://example.com/en/sign-up?code=MIHKEL2025",
    )


@pytest.mark.parametrize("language", ["et", "en", "ru", "lv"])
def test_each_language_has_texts_of_its_own_and_a_link_with_the_code(language: str) -> None:
    shared = Programme().sharing_text("A123", language)
    assert "A123" in shared.text
    assert parse_qs(urlsplit(shared.url).query) == {"code": ["A123"]}
    assert urlsplit(shared.url).scheme == "https"
    others = [Programme().sharing_text("A123", other) for other in Programme().languages if other != language]
    assert not {shared.title, shared.text, shared.url} & {part for other in others for part in attrs.astuple(other)}


def test_a_language_that_the_programme_has_not_is_refused() -> None:
    with pytest.raises(LookupError, match="no language 'fi', only et, en, ru, lv"):
        Programme().sharing_text("A123", "fi")


@given(st.text())
def test_any_code_comes_back_out_of_the_link(code: str) -> None:
    url = with_template(GOOD).sharing_text(code, "en").url
    assert unquote(url.removeprefix("https://example.com/sign-up?code=")) == code
    assert url.isascii()
    assert not set(url.removeprefix("https://example.com/sign-up?code=")) & set(" &?#=+/\"'<>{}")


def test_letters_and_digits_stay_as_they_are_and_all_else_is_encoded() -> None:
    assert percent_encoded("Az09-._~") == "Az09-._~"
    assert percent_encoded("õ &%") == "%C3%B5%20%26%25"


def test_the_code_stands_in_every_place_and_a_code_with_braces_is_not_filled_in_again() -> None:
    template = SharingTemplate("{code}", "{code}, {code}", "https://example.com/{code}?c={code}")
    assert with_template(template).sharing_text("A1", "en") == SharingText(
        "A1", "A1, A1", "https://example.com/A1?c=A1"
    )
    assert with_template(template).sharing_text("{code}", "en").title == "{code}"


@pytest.mark.rule("P1")
@pytest.mark.parametrize(
    "link",
    [
        "http://example.com/{code}",
        "https://example.com/",
        "https://example.com/{code}{kood}",
        "https://example.com/{code} 1",
        "https://{code}",
        "https:///{code}",
        "//example.com/{code}",
        "javascript:alert('{code}')",
        "{code}",
        "https://user@example.com/{code}",
    ],
)
def test_a_link_is_secure_and_holds_the_code(link: str) -> None:
    with pytest.raises(ProgrammeInvalid) as caught:
        with_template(attrs.evolve(GOOD, link=link))
    assert {fault.partition(": ")[0] for fault in caught.value.faults} == {"sharing.en.link"}


@pytest.mark.rule("P1")
@pytest.mark.parametrize("text", ["", " ", "no code", "{ code }", "{code} {name}"])
def test_a_text_holds_the_code_and_no_other_braces(text: str) -> None:
    with pytest.raises(ProgrammeInvalid) as caught:
        with_template(attrs.evolve(GOOD, text=text))
    assert {fault.partition(": ")[0] for fault in caught.value.faults} == {"sharing.en.text"}
