"""No page has anything that axe calls serious or critical, on a phone or at a desk, light or dark."""

from __future__ import annotations

from typing import Final, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from examples.portal.catalogue import LANGUAGES
from tests.examples.portal.browser import EVERYTHING, Size, Somebody
from tests.examples.portal.test_pages import PAGES

pytestmark = pytest.mark.long

Light = Literal["light", "dark"]
WEIGHTY = {"serious", "critical"}
SEEN: Final[list[tuple[Size, Light, tuple[str, ...]]]] = [
    ("phone", "light", tuple(PAGES)),
    ("desk", "dark", ("Anna Kask", "Andres Aas")),
]
"""On what, in which light, and as whom the pages are looked at."""


def faults(somebody: Somebody) -> list[str]:
    """Return what is wrong with the page, and where."""
    found = Axe().run(somebody.page).response["violations"]
    return [
        f"{somebody.page.url}: {each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in WEIGHTY
    ]


@pytest.mark.parametrize(("size", "light", "names"), SEEN if EVERYTHING else SEEN[:1])
def test_pages_are_for_everybody(
    browser: Browser, address: str, size: Size, light: Light, names: tuple[str, ...]
) -> None:
    somebody = Somebody.at(browser, address, size)
    somebody.page.emulate_media(color_scheme=light)
    somebody.opens("/no/such/page")
    wrong, seen = faults(somebody), {"/me"}
    for name in names:
        somebody.becomes(name)  # which shows the first page that is theirs
        wrong += faults(somebody)
        for path in dict.fromkeys(PAGES[name]):
            if path not in seen:
                seen.add(path)
                somebody.opens(path)
                wrong += faults(somebody)
    assert wrong == []
    somebody.leaves()


def test_pages_fit_a_phone_in_every_language(browser: Browser, address: str) -> None:
    somebody = Somebody.at(browser, address, "phone")
    somebody.becomes("Anna Kask")
    for language in LANGUAGES:
        somebody.page.locator(f"button[name=language][value={language}]").click()
        for path in ("/", "/me", "/sign-up"):
            somebody.opens(path)
            assert somebody.fits(), (language, path)
    somebody.leaves()


def test_what_a_newcomer_meets_is_for_everybody(browser: Browser, address: str) -> None:
    somebody = Somebody.at(browser, address, "phone")
    somebody.page.emulate_media(color_scheme="dark")
    somebody.opens("/sign-up")
    wrong = faults(somebody)
    somebody.page.get_by_label("First and last name").fill("Nele Nurk")
    somebody.page.get_by_label("Promo code").fill("NOSUCH22")
    somebody.presses("Conclude the contract")
    wrong += faults(somebody)
    somebody.presses("Sign up without the code")
    wrong += faults(somebody)
    somebody.becomes("Sign up as somebody new")
    somebody.page.get_by_label("First and last name").fill("Kaur Kuu")
    somebody.page.get_by_label("Let this sign-up fail").check()
    somebody.presses("Conclude the contract")
    wrong += faults(somebody)
    assert wrong == []
    somebody.leaves()
