"""No page of administration has anything that axe calls serious or critical, also where something is wrong."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser

from tests.examples.portal.administration.test_stories import enters
from tests.examples.portal.administration.test_trace import a_stuck_grant
from tests.examples.portal.browser import EVERYTHING, Size, Somebody
from tests.examples.portal.test_accessibility import Light, faults

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    ("size", "light"), [("phone", "dark"), ("desk", "light")] if EVERYTHING else [("phone", "dark")]
)
def test_what_an_administrator_meets_is_for_everybody(
    browser: Browser, address: str, portal: FastAPI, size: Size, light: Light
) -> None:
    a_stuck_grant(portal.state.world)
    somebody = Somebody.at(browser, address, size)
    somebody.page.emulate_media(color_scheme=light)
    somebody.becomes("Andres Aas")
    wrong = []

    def looks() -> None:
        assert somebody.fits(), somebody.page.url
        wrong.extend(faults(somebody))

    somebody.opens("/administration/stuck")
    somebody.presses("Try again")
    looks()
    somebody.opens("/administration/groups/referrer")
    enters(somebody, "25", "2026-04-01", "2026-04-30", "Spring")
    looks()
    enters(somebody, "25", "2026-02-01", "2026-04-30", "Spring")
    looks()
    somebody.opens("/administration/trace?about=account&id=A-1002")
    somebody.presses("Verify now")
    somebody.opens("/administration/trace?about=account&id=A-1002")
    looks()
    assert wrong == []
    somebody.leaves()
