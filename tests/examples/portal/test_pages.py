"""Every page, for everybody it is for, in every language."""

from __future__ import annotations

import pytest

from examples.portal.catalogue import LANGUAGES
from tests.examples.portal.visitor import Visitor

ADMINISTRATION = (
    "/administration",
    "/administration/groups/referrer",
    "/administration/trace",
    "/administration/trace?about=programme",
    "/administration/stuck",
    "/administration/downloads",
    "/administration/settings",
)
PAGES = {
    "Anna Kask": ("/", "/me", "/sign-up"),
    "Mari Mets": ("/", "/sales", "/accounts"),
    "Tiina Tamm": ("/", "/sales", "/accounts"),
    "Andres Aas": ("/", "/sales", "/accounts", *ADMINISTRATION),
}
"""Who sees which pages."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_pages_are_shown_in_every_language(visitor: Visitor, name: str, language: str) -> None:
    visitor.becomes(name).speaks(language)
    for path in PAGES[name]:
        page = visitor.opens(path)
        assert page.status_code == 200, path
        assert f'<html lang="{language}">' in page.text
