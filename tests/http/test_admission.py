"""Nothing is done for who is not admitted, or before it is known what is asked: not even on the way to a refusal."""

from __future__ import annotations

import pytest

from tests.http.door import Door, HttpAnswer

pytestmark = pytest.mark.rule("A6")


def sent(door: Door) -> dict[str, str]:
    """Return the status of every grant by its key."""
    return {grant.key: grant.status.value for grant in door.service.store.grants.all()}


def moved(door: Door, source: str, target: str, **claims: list[str]) -> HttpAnswer:
    """Ask as a supervisor to move all discount."""
    return door.ask("POST", "/transfers", {"from": source, "to": target}, by="supervisor", headers=(), **claims)


def test_a_transfer_that_is_refused_to_another_segment_has_sent_nothing(door: Door) -> None:
    before = sent(door)
    assert before["referrer/K-8"] == "due"
    for source, target in (("A", "G"), ("G", "A")):
        told = moved(door, source, target, segments=["business"])
        assert (told.status, told.reasons) == (403, ["not-allowed"])
    assert sent(door) == before
    assert moved(door, "A", "G").status == 409
    assert sent(door) == before, "nor for what a rule says no to"
    bill = {"bill": "b", "account": "A", "amount": "1"}
    assert door.ask("POST", "/bills", bill).status == 200
    assert sent(door)["referrer/K-8"] == "granted"


def test_a_bill_that_is_refused_to_another_segment_has_sent_nothing(door: Door) -> None:
    before, bill = sent(door), {"bill": "b", "account": "A", "amount": "1"}
    assert door.ask("POST", "/bills", bill, segments=["business"]).reasons == ["not-allowed"]
    assert door.ask("POST", "/bills", bill, by="administrator").reasons == ["not-allowed"]
    assert sent(door) == before


def test_a_retry_that_is_refused_to_another_segment_has_changed_nothing(door: Door) -> None:
    before, heads = sent(door), list(door.service.store.trace.heads())
    path, why = "/grants/referee/K-8/retry", {"reason": "x"}
    assert door.ask("POST", path, why, by="supervisor", segments=["business"]).reasons == ["not-allowed"]
    assert (sent(door), list(door.service.store.trace.heads())) == (before, heads)


def test_a_key_that_was_used_for_something_else_sends_nothing(door: Door) -> None:
    key = {"Idempotency-Key": "k"}
    assert door.ask("POST", "/cases", {"case": "LT-2", "customer": "C-2"}, headers=key).status == 201
    before = sent(door)
    told = door.ask("POST", "/bills", {"bill": "b", "account": "A", "amount": "1"}, headers=key)
    assert told.kind == "idempotency-key-reused"
    assert sent(door) == before


MANUAL = [
    ("POST", "/accounts/A/codes", {"replace": True}, "agent"),
    ("POST", "/codes/A123/end", {}, "supervisor"),
    ("PUT", "/contracts/K-3/referee-group", {"group": "referee-self-service"}, "agent"),
    ("POST", "/contracts/K-5/code", {"code": "A123", "group": "referee-manual"}, "agent"),
    ("POST", "/contracts/K-6/fee-notes", {"amount": "7"}, "supervisor"),
    ("POST", "/groups/referrer/amounts", {"amount": "7", "correction": True}, "administrator"),
    ("POST", "/grants/referee/K-8/retry", {}, "supervisor"),
    ("POST", "/customers/C-9/erase", {}, "administrator"),
]


@pytest.mark.rule("A2")
@pytest.mark.parametrize(("method", "path", "body", "by"), MANUAL, ids=[path for _, path, _, _ in MANUAL])
def test_a_person_says_why_once_it_is_known_that_they_may(
    in_memory: Door, method: str, path: str, body: dict[str, object], by: str
) -> None:
    heads = list(in_memory.service.store.trace.heads())
    for said in ({}, {"reason": None}, {"reason": ""}, {"reason": " \t"}):
        told = in_memory.ask(method, path, body | said, by=by)
        assert (told.status, told.reasons) == (409, ["reason-missing"]), said
        assert told.json()["errors"][0]["field"] == "reason"
    assert in_memory.ask(method, path, body, by="customer:C-1").reasons == ["not-allowed"]
    assert list(in_memory.service.store.trace.heads()) == heads
    assert in_memory.ask(method, path, body, by="system").status < 300, "a system may leave it out"


def test_a_body_of_nothing_but_a_reason_may_be_left_out_too(in_memory: Door) -> None:
    assert in_memory.ask("POST", "/codes/A123/end", by="supervisor").reasons == ["reason-missing"]
    assert in_memory.ask("POST", "/codes/A123/end", by="system").json()["status"] == "ended"
