"""Entity tags: nothing is edited that has changed since it was read, and nothing is sent that the caller has."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from referral_adapters.http.app import ENDPOINTS
from tests.http.document import Document
from tests.http.door import Door, HttpAnswer
from tests.http.proper_requests import BY_NAME, PROPER

READ_AT: Final = {"codes": "/codes/A123", "contracts": None, "groups": "/groups/referee-manual"}
EDITS: Final = [endpoint.name for endpoint in ENDPOINTS if endpoint.edits]
READS: Final = [endpoint.name for endpoint in ENDPOINTS if endpoint.method == "GET" and endpoint.answer is not None]


def read_before(name: str) -> str:
    """Return where that which an endpoint edits is read."""
    return READ_AT[BY_NAME[name].tag] or PROPER[name].path.rpartition("/")[0].removesuffix("/referral")


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
    requests = [any_door.request("PUT", "/groups/referrer/name", {"name": f"N{n}"}, headers=read) for n in range(8)]
    assert sorted(told.status for told in any_door.send_all(requests)) == [200, *[412] * 7]


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


# ── one revision, whichever answer shows it ───────────────────────────────────────────────────────────────────────────

REASON: Final = {"reason": "asked for"}
NEW: Final = {"contract": "K-20", "account": "B", "customer": "C-2"}


def revision(told: HttpAnswer) -> str:
    """Return which state of a thing an answer shows, by its tag."""
    assert told.status < 300, told.body
    revision = told.headers["etag"].strip('"').partition("-")[2]
    assert len(revision) == 32
    return revision


def test_every_answer_that_shows_a_sign_up_has_its_revision(any_door: Door) -> None:
    door, code, group = any_door, {"code": "A123"}, {"group": "referee-self-service"} | REASON
    at = "/contracts/K-20"
    steps = [
        ("POST", "/contracts", NEW),
        ("POST", f"{at}/code", code),
        ("PUT", f"{at}/referee-group", group),
        ("POST", f"{at}/activate", None),
        ("POST", f"{at}/fee-notes", {"amount": "1"} | REASON),
        ("POST", f"{at}/terminate", None),
    ]
    known = []
    for method, path, body in steps:
        known.append(revision(door.ask(method, path, body)))
        assert revision(door.ask("GET", at)) == known[-1], path
    assert len(set(known)) == len(steps)


def test_every_answer_that_shows_a_withdrawn_sign_up_has_its_revision(any_door: Door) -> None:
    assert revision(any_door.ask("POST", "/contracts/K-3/withdraw")) == revision(any_door.ask("GET", "/contracts/K-3"))


def test_every_answer_that_shows_a_code_has_its_revision(any_door: Door) -> None:
    issued = revision(any_door.ask("POST", "/accounts/A/codes", {"code": "ANN2021", "replace": True} | REASON))
    assert revision(any_door.ask("GET", "/codes/ann-2021")) == issued
    assert revision(any_door.ask("GET", "/accounts/A/code", by="agent")) == issued
    planned = revision(any_door.ask("POST", "/codes/ANN2021/end", {"at": "2021-04-01T00:00:00Z"} | REASON))
    assert revision(any_door.ask("GET", "/codes/ANN2021")) == planned != issued


def test_every_answer_that_shows_a_group_has_its_revision(any_door: Door) -> None:
    door, at = any_door, "/groups/fair"
    steps = [
        ("POST", "/groups", {"group": "fair", "side": "referee"}),
        ("PUT", f"{at}/name", {"name": "Fair"}),
        ("POST", f"{at}/amounts", {"amount": "12", "from": "2021-04-01"}),
        ("POST", f"{at}/disable", None),
        ("POST", f"{at}/enable", None),
    ]
    known = []
    for method, path, body in steps:
        known.append(revision(door.ask(method, path, body)))
        assert revision(door.ask("GET", at)) == known[-1], path
        door.clock.now += timedelta(minutes=1)
    assert len(set(known)) == len(steps)


def test_an_answer_that_is_repeated_has_the_tag_that_it_had(door: Door) -> None:
    told = [door.ask("POST", "/contracts", NEW, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert told[0].headers["etag"] == told[1].headers["etag"]
    attached = door.ask("POST", "/contracts/K-20/code", {"code": "A123"}, headers={"If-Match": told[1].headers["etag"]})
    assert attached.status == 200


def test_time_that_passes_changes_what_is_shown_and_not_what_may_be_edited(door: Door) -> None:
    path = "/groups/referrer"
    assert door.ask("POST", f"{path}/amounts", {"amount": "12", "from": "2021-04-01"}).status == 200
    seen = door.ask("GET", path)
    door.clock.now += timedelta(days=30)
    later = door.ask("GET", path, headers={"If-None-Match": seen.headers["etag"]})
    assert (later.status, later.json()["amount"]) == (200, "12.00"), "the tag of what was shown then"
    assert revision(later) == revision(seen)
    read = {"If-Match": seen.headers["etag"]}
    assert door.ask("PUT", f"{path}/name", {"name": "Friends"}, headers=read).status == 200
    assert door.ask("PUT", f"{path}/name", {"name": "Others"}, headers=read).status == 412


def test_a_planned_end_that_is_reached_is_no_edit(door: Door) -> None:
    end = {"at": "2021-03-20T00:00:00+02:00"} | REASON
    planned = door.ask("POST", "/codes/A123/end", end).headers["etag"]
    door.clock.now += timedelta(days=10)
    told = door.ask("POST", "/codes/A123/end", end, headers={"If-Match": planned})
    assert (told.status, told.reasons) == (409, ["code-ended"]), "it is what was seen, and a rule says no"


def test_a_payment_is_no_edit_of_the_sign_up(door: Door) -> None:
    seen = door.ask("GET", "/contracts/K-8")
    assert door.ask("POST", "/payouts").json()["granted"] == 1
    paid = door.ask("GET", "/contracts/K-8")
    assert (paid.headers["etag"] != seen.headers["etag"], revision(paid)) == (True, revision(seen))


def test_a_tag_of_the_first_edition_is_known_as_long_as_the_answer_is_the_same(door: Door) -> None:
    digest = door.ask("GET", "/groups/referrer").headers["etag"].partition("-")[0] + '"'
    told = [door.ask("PUT", "/groups/referrer/name", {"name": "N"}, headers={"If-Match": digest}) for _ in range(2)]
    assert [each.status for each in told] == [200, 412]


def test_a_customer_is_told_nothing_of_what_stands_behind_their_code(in_memory: Door) -> None:
    assert "-" not in in_memory.ask("GET", "/accounts/A/code", by="customer:C-1").headers["etag"]


def test_a_stale_tag_says_nothing_to_who_may_not_edit(door: Door) -> None:
    """First comes who may, then why, then whether it is there and still the same."""
    body, stale = {"group": "referee-self-service"}, {"If-Match": '"0"'}
    for path in ("/contracts/K-3/referee-group", "/contracts/K-99/referee-group"):
        assert door.ask("PUT", path, body, by="agent", headers=stale).reasons == ["reason-missing"]
    told = door.ask("PUT", "/contracts/K-3/referee-group", body, by="agent", headers=stale, segments=["business"])
    assert told.reasons == ["not-allowed"]
    assert door.ask("PUT", "/contracts/K-99/referee-group", body | REASON, headers=stale).status == 404
    assert door.ask("PUT", "/contracts/K-3/referee-group", body | REASON, headers=stale).status == 412
