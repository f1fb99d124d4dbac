"""No page for staff has anything that axe calls serious or critical, and each fits a phone."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.sync_api import Browser

from tests.examples.portal.browser import EVERYTHING, Size, Somebody
from tests.examples.portal.test_accessibility import Light, faults

pytestmark = pytest.mark.long

PAGES: Final = (
    "/sales?show=all",
    "/sales?q=nobody",
    "/sales/sign-ups/K-1008",
    "/sales/sign-ups/K-1013",
    "/sales/sign-ups/K-1008/explanation",
    "/sales/cases/S-1014",
    "/sales/cases/S-1014/abandon",
    "/accounts",
    "/accounts/A-1002",
    "/accounts/A-1004/discount",
    "/accounts/A-1004/transfer",
    "/accounts/A-1007/fee/K-1007",
    "/accounts/A-1002/activity",
)


@pytest.mark.parametrize(("size", "light"), [("phone", "light"), ("desk", "dark")])
def test_staff_pages_are_for_everybody(browser: Browser, address: str, size: Size, light: Light) -> None:
    somebody = Somebody.at(browser, address, size)
    somebody.page.emulate_media(color_scheme=light)
    somebody.becomes("Tiina Tamm")
    wrong = []
    for path in PAGES if EVERYTHING else PAGES[size == "desk" :: 2]:
        somebody.opens(path)
        assert somebody.fits(), path
        wrong += faults(somebody)
    somebody.opens("/sales/new")
    somebody.page.get_by_label("First and last name").fill("Nele Nurk")
    somebody.page.get_by_label("Promo code").fill("NOSUCH22")
    somebody.page.get_by_text("Make an exception").click()
    somebody.page.get_by_label("Discount group").select_option("referee-self-service")
    somebody.presses("Show what it brings")
    wrong += faults(somebody)
    somebody.page.get_by_label("Reason").fill("Why not.")
    somebody.presses("Show what it brings")
    assert somebody.fits()
    wrong += faults(somebody)
    somebody.opens("/accounts/A-1001/codes/new")
    somebody.page.get_by_label("Reason").fill("Why not.")
    somebody.presses("Issue the code")
    wrong += faults(somebody)
    assert wrong == []
    somebody.leaves()


def test_a_code_is_added_with_the_keyboard_alone(browser: Browser, address: str) -> None:
    somebody = Somebody.at(browser, address, "desk")
    somebody.becomes("Mari Mets")
    somebody.opens("/sales/sign-ups/K-1015/group")
    page = somebody.page
    page.get_by_label("Reason").focus()
    page.keyboard.type("Was helped in a shop.")
    page.keyboard.press("Enter")
    page.get_by_role("region", name="What it brings").wait_for()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "What it brings", "is read out"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Change the group"
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Maarja Põld").wait_for()
    somebody.leaves()
