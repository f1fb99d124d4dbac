"""What the page about HTTP says is what the adapter answers."""

from __future__ import annotations

import re
from typing import Final

from referral_adapters.http.app import ENDPOINTS
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.models.problem import ProblemKind
from tests.docs.test_pages import first_table, sections, text_of

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
    assert told == [said_of(endpoint) for tag in tags() for endpoint in ENDPOINTS if endpoint.tag == tag]


def tags() -> list[str]:
    return list(dict.fromkeys(endpoint.tag for endpoint in ENDPOINTS))


def test_the_page_lists_every_kind_of_problem() -> None:
    told = [row["type"] for row in first_table(sections(text_of(PAGE), 2)["Problems"])]
    assert sorted(re.findall(r"`([a-z-]+)`", " ".join(told))) == sorted(ProblemKind)
