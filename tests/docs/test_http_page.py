"""What the page about HTTP says is what the adapter answers."""

from __future__ import annotations

import importlib.util
import re
from typing import Final

from referral_adapters.http.app import ENDPOINTS
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.models.answer import ProblemKind
from tests.docs.test_pages import DOCS, first_table, sections, text_of

PAGE: Final = "reference/http.md"


def said_of(endpoint: Endpoint) -> dict[str, str]:
    """Return the row that the page must have for an endpoint."""
    role = "everybody" if endpoint.act is None else "public" if endpoint.public else str(endpoint.least_role)
    return {
        "request": f"`{endpoint.method} {endpoint.path}`",
        "what it does": endpoint.summary,
        "least role": role,
        "act": "" if endpoint.act is None else f"`{endpoint.act}`",
    }


def test_the_page_lists_every_endpoint_with_its_permission() -> None:
    tables = sections(sections(text_of(PAGE), 2)["Endpoints"], 3)
    told = [row for part in tables.values() if "| request |" in part for row in first_table(part)]
    expected = [said_of(endpoint) for tag in tags() for endpoint in ENDPOINTS if endpoint.tag == tag]
    assert told == expected, "run: python docs/list_endpoints.py"


def tags() -> list[str]:
    return list(dict.fromkeys(endpoint.tag for endpoint in ENDPOINTS))


def test_the_tables_are_written_as_they_stand() -> None:
    spec = importlib.util.spec_from_file_location("list_endpoints", DOCS / "list_endpoints.py")
    assert spec is not None
    assert spec.loader is not None
    listing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(listing)
    assert listing.page(text_of(PAGE)) == text_of(PAGE)
    assert listing.page(re.sub(r"^\| `GET /ready` .*\n", "", text_of(PAGE), flags=re.MULTILINE)) == text_of(PAGE)


def test_the_page_lists_every_kind_of_problem() -> None:
    told = [row["type"] for row in first_table(sections(text_of(PAGE), 2)["Problems"])]
    assert sorted(re.findall(r"`([a-z-]+)`", " ".join(told))) == sorted(ProblemKind)
