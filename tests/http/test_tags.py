"""Entity tags: nothing is edited that has changed since it was read, and nothing is sent that the caller has."""

from __future__ import annotations

from typing import Any, Final

import pytest

from referral_adapters.http.app import ENDPOINTS
from tests.http.document import Document
from tests.http.door import Door
from tests.http.proper_requests import BY_NAME, PROPER

READ_AT: Final = {"codes": "/codes/A123", "contracts": None, "groups": "/groups/referee-manual"}
EDITS: Final = [endpoint.name for endpoint in ENDPOINTS if endpoint.edits]
READS: Final = [endpoint.name for endpoint in ENDPOINTS if endpoint.method == "GET" and endpoint.answer is not None]


def read_before(name: str) -> str:
    """Return where that which an endpoint edits is read."""
    return READ_AT[BY_NAME[name].tag] or PROPER[name].path.rpartition("/")[0]


@pytest.mark.parametrize("name", EDITS)
def test_what_was_read_is_edited_only_as_long_as_it_is_the_same(door: Door, name: str) -> None:
    endpoint, request = BY_NAME[name], PROPER[name]
    body: Any = Document(door.document()).body_example(endpoint)
    read = door.ask("GET", read_before(name)).headers["etag"]
    heads = list(door.service.store.trace.heads())
    for stale in ('"0"', f'W/"0", {read[:-2]}"', "0", ""):
        told = door.ask(endpoint.method, request.path, body, headers={"If-Match": stale})
        assert (told.status, told.kind) == (412, "changed"), stale
        assert list(door.service.store.trace.heads()) == heads
    told = door.ask(endpoint.method, request.path, body, headers={"If-Match": f'"0", {read}'})
    assert told.status == 200
    if name != "enable-group":  # which was enabled
        again = door.ask(endpoint.method, request.path, body, headers={"If-Match": read})
        assert again.status == 412, "it was changed"


def test_a_star_is_for_whatever_there_is(door: Door) -> None:
    told = door.ask("PUT", "/groups/referrer/name", {"name": "Friends"}, headers={"If-Match": "*"})
    assert told.status == 200


def test_a_stale_tag_leaves_the_key_free(door: Door) -> None:
    key, body = {"Idempotency-Key": "k"}, {"name": "Friends"}
    assert door.ask("PUT", "/groups/referrer/name", body, headers=key | {"If-Match": '"0"'}).status == 412
    assert door.ask("PUT", "/groups/referrer/name", body, headers=key).status == 200


def test_of_two_who_read_the_same_one_edits(any_door: Door) -> None:
    read = {"If-Match": any_door.ask("GET", "/groups/referrer").headers["etag"]}
    knocks = [any_door.knocking("PUT", "/groups/referrer/name", {"name": f"N{n}"}, headers=read) for n in range(8)]
    assert sorted(told.status for told in any_door.knock_at_once(knocks)) == [200, *[412] * 7]


@pytest.mark.parametrize("name", READS)
def test_what_the_caller_has_is_not_sent_again(in_memory: Door, name: str) -> None:
    path = PROPER[name].path
    first = in_memory.ask("GET", path)
    assert first.headers["cache-control"] == "no-store"
    for had in (first.headers["etag"], f'"0", W/{first.headers["etag"]}'):
        told = in_memory.ask("GET", path, headers={"If-None-Match": had})
        assert (told.status, told.body, told.headers["etag"]) == (304, b"", first.headers["etag"])
    assert in_memory.ask("GET", path, headers={"If-None-Match": '"0"'}).body == first.body


def test_what_is_done_is_answered_whatever_the_caller_has(in_memory: Door) -> None:
    check = in_memory.ask("POST", "/code-checks", {"code": "A123"})
    again = in_memory.ask("POST", "/code-checks", {"code": "A123"}, headers={"If-None-Match": check.headers["etag"]})
    assert (again.status, again.body) == (200, check.body)
