"""Events: facts that hosts bring, each taking effect once, and all that was done, for whoever follows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from referral_adapters.feed import FeedRunner
from referral_adapters.http.events import BATCH, MOST, SINGLE
from referral_adapters.memory import MemoryStore
from referral_core import Programme
from tests.http.conftest import Opening
from tests.http.door import Door, HttpAnswer
from tests.http.world import SECRET, build


def event(number: int, kind: str, **data: object) -> dict[str, Any]:
    """Return an event of the crm's."""
    return {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "crm",
        "type": kind,
        "time": f"2021-03-15T12:{number:02}:00+02:00",
        "data": data,
    }


SIGN_UP: Final = {"contract": "K-2", "account": "B", "customer": "C-2", "code": "A123"}
STORY: Final = [
    event(1, "contract.concluded", **SIGN_UP),
    event(2, "contract.activated", contract="K-2"),
    event(3, "contract.concluded", contract="K-20", account="B", customer="C-2", code="A123"),
    event(4, "bill.issued", bill="b", account="B", amount="3"),
    event(5, "code.check", code="NONE2"),
    event(6, "contract.concluded", contract="K-21", account="Q", customer="C-3", channel="sales-portal", code="NONE2"),
    event(7, "bill.issued", bill="b2", account="B", amount=3),
    event(8, "nothing.known"),
    {"id": "e9"},
    event(2, "contract.activated", contract="K-2"),
]
OUTCOMES: Final = [
    "done", "done", "refused", "done", "done", "warned", "invalid", "invalid", "invalid", "repeated",
]  # fmt: skip


def brought(door: Door, body: object, kind: str = SINGLE, **more: Any) -> HttpAnswer:  # noqa: ANN401
    return door.ask("POST", "/events", body, headers={"Content-Type": kind}, **more)


@pytest.mark.parametrize("kind", [BATCH, "application/json", f"{BATCH}; charset=utf-8"])
def test_a_batch_has_a_result_for_each_event_as_a_feed_has(any_door: Door, kind: str) -> None:
    told = brought(any_door, STORY, kind)
    assert told.status == 200
    results = told.json()["items"]
    assert [result["outcome"] for result in results] == OUTCOMES
    store = MemoryStore(Programme.default(), secret=SECRET)
    build(store)
    feed = FeedRunner(Programme.default(), store)
    for number, (each, result) in enumerate(zip(STORY, results, strict=True), 1):
        expected = feed.handle(json.dumps(each), number)
        del expected["line"]
        assert {name: value for name, value in result.items() if name in expected} == expected
        assert {value for name, value in result.items() if name not in expected} <= {None}


@pytest.mark.rule("B2")
def test_a_batch_that_is_brought_again_is_repeated_where_it_took_effect(door: Door) -> None:
    assert brought(door, STORY, BATCH).status == 200
    heads = list(door.service.store.trace.heads())
    outcomes = [result["outcome"] for result in brought(door, STORY, BATCH).json()["items"]]
    assert outcomes == [was if was in {"refused", "invalid"} else "repeated" for was in OUTCOMES]
    assert list(door.service.store.trace.heads()) == heads


@pytest.mark.parametrize("kind", [SINGLE, "application/json"])
def test_one_event_is_answered_by_its_result_or_by_a_problem(door: Door, kind: str) -> None:
    told = {each["id"]: brought(door, each, kind) for each in STORY[:-1]}
    assert {id_: each.status for id_, each in told.items()} == {
        "e1": 200, "e2": 200, "e3": 409, "e4": 200, "e5": 200, "e6": 200, "e7": 422, "e8": 422, "e9": 422
    }  # fmt: skip
    assert told["e1"].json()["referee_amount"] == "7.00"
    assert told["e3"].reasons == ["existing-customer", "already-referred"]
    assert "data.amount" in told["e7"].json()["errors"][0]["message"]
    assert brought(door, STORY[0], kind).json()["outcome"] == "repeated"


def test_twenty_bring_the_same_event_at_a_time(any_door: Door) -> None:
    request = any_door.request("POST", "/events", STORY[0])
    outcomes = sorted(told.json()["outcome"] for told in any_door.send_all([request] * 20))
    assert outcomes == ["done", *["repeated"] * 19]


@pytest.mark.parametrize("body", [b"", b"[", b'"x"', b"7", b"null", b"true"])
def test_what_is_no_event_is_no_event(in_memory: Door, body: bytes) -> None:
    assert brought(in_memory, body).status in {400, 422}


def test_one_event_is_no_batch_and_a_batch_is_not_one_event(in_memory: Door) -> None:
    for body, kind in (([STORY[0]], SINGLE), (STORY[0], BATCH), (STORY[0], BATCH.upper())):
        told = brought(in_memory, body, kind)
        assert (told.status, told.json()["errors"][0]["field"]) == (422, "body")
    assert in_memory.ask("GET", "/contracts/K-2").status == 404


def test_an_empty_batch_has_no_results(in_memory: Door) -> None:
    assert brought(in_memory, [], BATCH).json() == {"items": []}


def test_a_batch_has_so_many_events_at_most(in_memory: Door) -> None:
    assert brought(in_memory, [{}] * MOST, BATCH).status == 200
    told = brought(in_memory, [STORY[0]] * (MOST + 1), BATCH)
    assert (told.status, told.json()["errors"][0]["field"]) == (422, "body")
    assert in_memory.ask("GET", "/contracts/K-2").status == 404


@pytest.mark.parametrize(
    "odd",
    ["\ud800", "a\0b", "\u202e", "x" * 5000, 10**400, -1, 1.5, True, None, {}, [], ["e"], {"a": 1}],
    ids=lambda odd: repr(odd)[:20],
)
def test_an_event_with_odd_attributes_is_invalid_and_nothing_more(in_memory: Door, odd: object) -> None:
    heads = list(in_memory.service.store.trace.heads())
    for attribute in ("id", "source", "type", "time", "data", "actor", "actorrole", "specversion"):
        if odd is None and attribute in {"actor", "actorrole"}:  # as if it were not there
            continue
        odd_one = {**STORY[0], attribute: odd}
        told = brought(in_memory, [odd_one], BATCH).json()["items"][0]
        # An actor whose id is text, and no name, is refused by a rule: the line itself is proper.
        is_refused = attribute == "actor" and told["reasons"] == ["name-invalid"]
        assert told["outcome"] == ("refused" if is_refused else "invalid"), attribute
        assert brought(in_memory, odd_one).status == (409 if is_refused else 422), attribute
    assert list(in_memory.service.store.trace.heads()) == heads


@pytest.mark.parametrize("depth", [50, 400, 900, 990, 20_000])
def test_an_event_that_nests_deep_is_no_trouble(in_memory: Door, depth: int) -> None:
    nested = json.dumps({**STORY[0], "data": "HERE"}).replace('"HERE"', '{"a":' * depth + "1" + "}" * depth).encode()
    assert brought(in_memory, nested).status in {400, 422}
    assert brought(in_memory, b"[" + nested + b"]", BATCH).status in {200, 400, 422}


def test_what_would_be_no_json_to_others_is_none_to_us(in_memory: Door) -> None:
    for number in ("NaN", "Infinity", "-Infinity", "1e999"):
        body = json.dumps({**STORY[0], "data": "HERE"}).replace('"HERE"', f'{{"contract": {number}}}').encode()
        assert brought(in_memory, body).status in {400, 422}


# ── out ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def followed(door: Door, limit: int, cursor: str | None = None) -> Iterator[tuple[list[dict[str, Any]], str]]:
    """Yield page after page, each with the cursor for what follows, up to one that is empty."""
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        page = door.ask("GET", f"/events?limit={limit}{more}", by="administrator").json()
        yield page["items"], page["next"]
        cursor = page["next"]
        if not page["items"]:
            return


@pytest.mark.rule("A2")
@pytest.mark.parametrize("limit", [1, 7, 200])
def test_whoever_follows_sees_every_row_of_the_trace_once_and_in_order(any_door: Door, limit: int) -> None:
    pages = list(followed(any_door, limit))
    events = [each for items, _ in pages for each in items]
    trace = any_door.service.store.trace
    rows = {f"{row.subject}/{row.number}" for subject, *_ in trace.heads() for row in trace.chain(subject)}
    assert len(events) == len(rows)
    assert {each["id"] for each in events} == rows
    assert [int(each["sequence"]) for each in events] == list(range(1, len(rows) + 1))
    by_subject: dict[str, list[int]] = {}
    for each in events:
        by_subject.setdefault(each["subject"], []).append(int(each["id"].rpartition("/")[2]))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_subject.values())
    assert pages[-1][1] == pages[-2][1], "at the end the cursor stays"


def test_at_the_end_the_cursor_waits_for_what_follows(door: Door) -> None:
    *_, (_, end) = followed(door, 200)
    assert door.ask("POST", "/contracts", SIGN_UP).status == 201
    first, _ = next(followed(door, 200, end))
    assert {each["subject"] for each in first} == {"account:B", "referral:K-2"}
    assert {each["type"] for each in first} == {"referral.code.issue", "referral.referral.record"}


def test_several_may_follow_at_once(any_door: Door) -> None:
    request = any_door.request("GET", "/events?limit=200", by="administrator")
    told = any_door.send_all([request] * 12)
    assert {each.status for each in told} == {200}
    ids = [item["id"] for item in any_door.ask("GET", "/events?limit=200", by="administrator").json()["items"]]
    assert len(ids) == len(set(ids))


def test_an_event_tells_nothing_that_can_be_erased(door: Door) -> None:
    told = json.dumps([items for items, _ in followed(door, 200)])
    for personal in ("Anu", "Liis", "She asked for", "reason", '"actor"'):
        assert personal not in told


def test_a_service_says_under_which_name_it_publishes(opening: Opening) -> None:
    items, _ = next(followed(opening(source="https://referral.example.com"), 1))
    assert items[0]["source"] == "https://referral.example.com"
