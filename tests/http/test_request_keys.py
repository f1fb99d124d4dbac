"""Sent again: what changes something takes effect once for each key, and every sender gets the same answer (B2)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

import pytest

from referral_core.session import ACTS
from referral_core.values.errors import ConcurrentChange
from referral_core.values.name import digest_key
from tests.http.conftest import Opening
from tests.http.document import Document
from tests.http.door import Door, HttpAnswer
from tests.http.proper_requests import BY_NAME, PROPER, proper

SIGN_UP: Final = {"contract": "K-2", "account": "B", "customer": "C-2", "code": "A123"}
KEY: Final = {"Idempotency-Key": "0d5b9a2e"}
TWENTY: Final = 20

pytestmark = pytest.mark.rule("B2")


def traced(door: Door, subject: str) -> int:
    """Return how many rows the trace has on a subject."""
    return len(list(door.service.store.trace.chain(subject)))


def same(told: list[HttpAnswer]) -> HttpAnswer:
    """Return the one answer that all of them are, whoever was first."""
    assert {(each.status, each.body, each.headers["etag"]) for each in told} == {
        (told[0].status, told[0].body, told[0].headers["etag"])
    }
    return told[0]


def test_a_sign_up_that_is_sent_twice_is_recorded_once(any_door: Door) -> None:
    first, again = (any_door.ask("POST", "/contracts", SIGN_UP, headers=KEY) for _ in range(2))
    assert same([first, again]).status == 201
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    without_a_key = any_door.ask("POST", "/contracts", SIGN_UP)
    assert (without_a_key.status, without_a_key.reasons) == (409, ["contract-exists"])


def test_twenty_at_a_time_come_to_one_referral_and_one_answer(any_door: Door) -> None:
    request = any_door.request("POST", "/contracts", SIGN_UP, headers=KEY)
    told = any_door.send_all([request] * TWENTY)
    assert same(told).status == 201
    assert sum("idempotency-replayed" not in each.headers for each in told) == 1
    used = any_door.ask("GET", "/accounts/A/figures").json()["used"]
    assert used == 7
    assert len(any_door.ask("GET", "/contracts").json()["items"]) == 11


def test_twenty_activations_at_a_time_are_one(any_door: Door) -> None:
    request = any_door.request("POST", "/contracts/K-3/activate", headers=KEY)
    told = any_door.send_all([request] * TWENTY)
    assert same(told).status == 200
    assert [grant["grant"] for grant in told[0].json()["grants"]] == ["referee/K-3", "referrer/K-3"]
    assert any_door.ask("POST", "/payouts").json() == {"granted": 3, "taken_back": 1, "waiting": 0, "stuck": 1}, (
        "one was stuck before"
    )


def test_twenty_bills_at_a_time_take_the_discount_once(any_door: Door) -> None:
    bill = {"bill": "2021-03-E", "account": "E", "amount": "4"}
    told = any_door.send_all([any_door.request("POST", "/bills", bill, headers=KEY)] * TWENTY)
    assert same(told).json()["taken"] == "4.00"
    assert any_door.ask("GET", "/accounts/E").json()["balance"]["unused"] == "3.00"


def test_twenty_without_a_key_are_told_apart_by_the_rules(any_door: Door) -> None:
    told = any_door.send_all([any_door.request("POST", "/contracts", SIGN_UP)] * TWENTY)
    assert sorted(each.status for each in told) == [201, *[409] * (TWENTY - 1)]
    # Which law of the store a late one meets first is chance.
    reasons = {reason for each in told if each.status == 409 for reason in each.reasons}
    assert reasons <= {"contract-exists", "already-referred"}


@pytest.mark.parametrize("name", [name for name, endpoint in BY_NAME.items() if endpoint.takes_key])
def test_what_lost_a_race_is_done_again_with_what_was_asked(
    in_memory: Door, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    act = ACTS[str(BY_NAME[name].act)]
    done, lost = act.body, [ConcurrentChange("another was quicker"), None]

    @wraps(done)
    def slower(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the act takes and returns
        if lost and (error := lost.pop(0)) is not None:
            raise error
        return done(*args, **kwargs)

    monkeypatch.setattr(act, "body", slower)
    told = proper(in_memory, name, Document(in_memory.document()))
    assert (told.status, lost) == (PROPER[name].status, []), told.body


def test_a_key_is_for_one_request(door: Door) -> None:
    assert door.ask("POST", "/contracts", SIGN_UP, headers=KEY).status == 201
    before = traced(door, "account:B")
    for path, body in (("/contracts", SIGN_UP | {"account": "B2"}), ("/cases", {"case": "LT-2", "customer": "C-2"})):
        told = door.ask("POST", path, body, headers=KEY)
        assert (told.status, told.kind) == (422, "idempotency-key-reused")
    assert traced(door, "account:B") == before
    assert door.ask("GET", "/cases/LT-2").status == 404


def test_the_same_request_written_otherwise_is_the_same(door: Door) -> None:
    told = [
        door.ask("POST", "/contracts", json.dumps(body, indent=indent).encode(), headers=KEY | JSON)
        for body, indent in ((SIGN_UP, 0), (dict(reversed(SIGN_UP.items())), 4), (SIGN_UP | {"group": None}, 1))
    ]
    assert same(told).status == 201


JSON: Final = {"Content-Type": "application/json"}


def test_a_request_that_is_refused_leaves_no_mark(door: Door) -> None:
    """It may be sent again under its key, and takes effect when its time has come."""
    wrong = SIGN_UP | {"contract": "K-1"}
    assert door.ask("POST", "/contracts", wrong, headers=KEY).status == 409
    assert door.ask("POST", "/contracts", SIGN_UP | {"customer": None}, headers=KEY).status == 422
    assert door.ask("POST", "/contracts", SIGN_UP, by="customer:C-2", headers=KEY).status == 403
    assert door.service.store.requests.answer("system the system", digest_key("0d5b9a2e")) is None
    assert door.ask("POST", "/contracts", SIGN_UP, headers=KEY).status == 201


def test_callers_have_keys_of_their_own(door: Door) -> None:
    """So nobody is answered what somebody else was, nor kept from a key by them."""
    for number, by in enumerate(("agent:Anu", "agent:Ivo", "supervisor:Anu", "system:Anu", "system:agent Anu")):
        body = {"case": f"LT-2{number}", "customer": "C-2"}
        told = door.ask("POST", "/cases", body, by=by, headers=KEY)
        assert (told.status, told.json()["case"]) == (201, f"LT-2{number}")
    for by in ("customer:C-1", "customer:C-6"):
        told = door.ask("POST", "/accounts/A/sharings", {"means": "link"}, by=by, headers=KEY)
        assert told.status == (200 if by == "customer:C-1" else 403)


def test_a_transfer_under_the_key_of_another_caller_is_another_transfer(door: Door) -> None:
    """Also of one who has the same id in another role: what billing knows it by is the caller's own too."""
    for by, moved in (("supervisor:Anu", "3.00"), ("administrator:Anu", "3.00"), ("system:Anu", "1.00")):
        told = door.ask("POST", "/transfers", {"from": "G", "to": "G2", "amount": moved}, by=by, headers=KEY)
        assert (told.status, told.json()) == (200, {"moved": moved})
    assert door.ask("GET", "/accounts/G2").json()["balance"]["transferred_in"] == "7.00"


def test_a_customer_shares_once_for_each_key(door: Door) -> None:
    request = door.request("POST", "/accounts/A/sharings", {"means": "app"}, by="customer:C-1", headers=KEY)
    assert same(door.send_all([request] * TWENTY)).json()["sent"] == 2


@pytest.mark.rule("A5")
def test_what_a_customer_was_answered_goes_with_the_customer(any_door: Door) -> None:
    """Also what does not name them: it is kept under their id."""
    told = any_door.ask("POST", "/accounts/G2/sharings", {"means": "app"}, by="customer:C-6", headers=KEY)
    assert told.status == 200
    assert any_door.service.store.requests.answer("customer C-6", digest_key("0d5b9a2e")) is not None
    assert any_door.ask("POST", "/contracts/K-10/terminate").status == 200
    erased = any_door.ask("POST", "/customers/C-6/erase", {"reason": "Asked to be forgotten."}, headers=KEY)
    assert erased.status == 200
    assert any_door.service.store.requests.answer("customer C-6", digest_key("0d5b9a2e")) is None


@pytest.mark.rule("A5")
def test_what_others_were_answered_about_a_customer_goes_with_the_customer(any_door: Door) -> None:
    terminated = {"Idempotency-Key": "terminated"}
    assert any_door.ask("POST", "/contracts/K-10/terminate", headers=terminated).json()["contract"]["customer"] == "C-6"
    first = any_door.ask("POST", "/contracts/K-10/terminate", headers=terminated)
    assert first.status == 200  # the answer was kept
    assert any_door.ask("POST", "/customers/C-6/erase", {"reason": "Asked to be forgotten."}).status == 200
    again = any_door.ask("POST", "/contracts/K-10/terminate", headers=terminated)
    assert (again.status, again.json()["reasons"]) == (409, ["contract-ended"])  # a new request by now


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb", "ä", "\x7f", "\x00"])
def test_a_key_is_printable_and_not_too_long(in_memory: Door, key: str) -> None:
    told = in_memory.ask("POST", "/contracts", SIGN_UP, headers={"Idempotency-Key": key})
    assert (told.status, told.json()["errors"][0]["field"]) == (422, "header.Idempotency-Key")
    assert in_memory.ask("GET", "/contracts/K-2").status == 404


def test_two_keys_are_none(in_memory: Door) -> None:
    """Which of them counts, nobody could say."""
    told = in_memory.ask("POST", "/contracts", SIGN_UP, headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")])
    assert (told.status, told.json()["errors"][0]["field"]) == (422, "header.Idempotency-Key")


def test_a_key_holds_until_answers_are_forgotten(opening: Opening) -> None:
    door = opening()
    assert door.ask("POST", "/contracts", SIGN_UP, headers=KEY).status == 201
    assert door.service.store.requests.forget(door.clock.now) == 0
    door.clock.now = door.clock.now.replace(hour=23)
    assert door.service.store.requests.forget(door.clock.now) == 1
    assert door.ask("POST", "/contracts", SIGN_UP, headers=KEY).reasons == ["contract-exists"]


@pytest.mark.rule("B2", "A5")
@pytest.mark.parametrize("id_", ["system crm", "9 3 system crm", "customer crm", "8 8 customer crm"])
def test_no_id_of_a_customer_reads_like_another_caller(any_door: Door, id_: str) -> None:
    """The answer of a system under a key is for that system alone, whatever a customer is called."""
    told = any_door.ask("POST", "/accounts/A/sharings", {"means": "app"}, by="system:crm", headers=KEY)
    assert told.status == 200
    replayed = any_door.ask("POST", "/accounts/A/sharings", {"means": "app"}, by=f"customer:{id_}", headers=KEY)
    assert (replayed.status, "idempotency-replayed" in replayed.headers) == (403, False)


@pytest.mark.rule("A5")
def test_no_event_and_no_row_names_who_asked(any_door: Door) -> None:
    """Under an idempotency key a transfer is known to billing and traced by a key, which is made of its caller."""
    headers = {"Idempotency-Key": "for mari.maasikas"}
    sent = {"from": "G", "to": "G2", "amount": "2"}
    assert any_door.ask("POST", "/transfers", sent, by="supervisor:mari.maasikas", headers=headers).status == 200
    published = any_door.ask("GET", "/events?limit=200").body.decode()
    assert "discount.transfer" in published
    assert "maasikas" not in published
    (row, *_) = [row for row in any_door.service.store.trace.chain("account:G") if row.act == "discount.transfer"]
    assert row.after is not None
    assert "maasikas" not in str(row.after["key"])
    again = any_door.ask("POST", "/transfers", sent, by="supervisor:mari.maasikas", headers=headers)
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.rule("A5")
def test_answers_are_removed_once_they_are_old(opening: Opening) -> None:
    door = opening(answers_kept=timedelta(days=2))

    def shared(key: str) -> str | None:
        headers = {"idempotency-key": key}
        told = door.ask("POST", "/accounts/A/sharings", {"means": "link"}, by="customer:C-1", headers=headers)
        assert told.status == HTTPStatus.OK
        return told.headers.get("idempotency-replayed")

    assert [shared("a"), shared("a")] == [None, "true"]
    door.clock.now += timedelta(days=1, hours=23)
    assert shared("a") == "true"
    door.clock.now += timedelta(minutes=50)
    assert shared("b") is None
    door.clock.now += timedelta(minutes=11)  # now it is old, and the last removal an hour ago
    assert shared("b") == "true"
    assert shared("a") is None


@pytest.mark.rule("A5", "P6")
def test_a_store_that_cannot_remove_old_answers_answers_all_the_same(opening: Opening) -> None:
    door = opening()

    def fails(before: datetime) -> int:
        raise ConcurrentChange(f"somebody else removes those before {before}")

    door.service.store.requests.forget = fails  # type: ignore[method-assign] # a store that is in trouble
    body, headers = {"means": "link"}, {"idempotency-key": "a"}
    assert door.ask("POST", "/accounts/A/sharings", body, by="customer:C-1", headers=headers).status == HTTPStatus.OK
