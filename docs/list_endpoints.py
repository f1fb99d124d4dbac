"""Write the tables of endpoints on the page about HTTP from the endpoints themselves.

Run ``python docs/list_endpoints.py`` after a change to an endpoint; a test fails while the page is out of date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from referral_adapters.http.app import ENDPOINTS
from referral_adapters.http.endpoint import Endpoint

PAGE = Path(__file__).parent / "reference" / "http.md"
HEAD = "| request | what it does | least role | act |\n| --- | --- | --- | --- |\n"


def row(endpoint: Endpoint) -> str:
    """Return the row about an endpoint."""
    role = "everybody" if endpoint.act is None else "public" if endpoint.public else str(endpoint.least_role)
    act = "" if endpoint.act is None else f"`{endpoint.act}`"
    return f"| `{endpoint.method} {endpoint.path}` | {endpoint.summary} | {role} | {act} |\n"


def tables() -> Iterator[str]:
    """Yield a table for each part of the page, in its order."""
    tags = [*dict.fromkeys(endpoint.tag for endpoint in ENDPOINTS)]
    ordered = sorted(ENDPOINTS, key=lambda endpoint: tags.index(endpoint.tag))
    for _, members in groupby(ordered, lambda endpoint: endpoint.tag):
        yield HEAD + "".join(map(row, members))


def page(text: str) -> str:
    """Return the page with its tables written anew, each in its place."""
    remaining = tables()
    return re.sub(rf"^{re.escape(HEAD)}(?:\|.*\n)*", lambda _: next(remaining), text, flags=re.MULTILINE)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
