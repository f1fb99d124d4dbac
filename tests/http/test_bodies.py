"""Bodies are read as a feed's lines are: to the letter, or not at all."""

from __future__ import annotations

import json
from time import perf_counter
from typing import Any, Final

import pytest

from referral_adapters.http.events import BATCH
from referral_adapters.wire import json_text
from tests.http.document import Document
from tests.http.door import Door, HttpAnswer
from tests.http.proper_requests import BY_NAME, PROPER

MARK: Final = b"\xef\xbb\xbf"
JSON: Final = {"Content-Type": "application/json"}
READING: Final = [
    name for name, endpoint in BY_NAME.items() if endpoint.body_model is not None or endpoint.body is not None
]


def asked(door: Door, name: str, body: object, **headers: str) -> HttpAnswer:
    """Ask a proper question with a body of one's own."""
    proper = PROPER[name]
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return door.ask(BY_NAME[name].method, proper.path, content, by=proper.by, headers={**JSON, **headers})


def example(door: Door, name: str) -> dict[str, Any]:
    """Return the body that the document shows."""
    found = Document(door.document()).body_example(BY_NAME[name])
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", READING)
def test_a_key_twice_is_refused_and_named_by_every_endpoint(in_memory: Door, name: str) -> None:
    heads = list(in_memory.service.store.trace.heads())
    for field in example(in_memory, name):
        told = asked(in_memory, name, json.dumps(example(in_memory, name))[:-1].encode() + f', "{field}": 1}}'.encode())
        assert (told.status, told.kind) == (400, "malformed")
        assert told.json()["errors"] == [{"field": field, "message": "stands twice in one object"}]
        assert Document(in_memory.document()).faults(BY_NAME[name], told) == []
    assert list(in_memory.service.store.trace.heads()) == heads


def test_a_key_twice_is_refused_wherever_it_stands(in_memory: Door) -> None:
    event = json.dumps(example(in_memory, "bring-events"))
    inside = event.replace('"contract":', '"contract": "K-1", "contract":')
    for body, kind in ((inside, "application/cloudevents+json"), (f"[{event}, {inside}]", BATCH)):
        told = asked(in_memory, "bring-events", body.encode(), **{"Content-Type": kind})
        assert (told.status, told.json()["errors"][0]["field"]) == (400, "contract")
    told = asked(in_memory, "check-code", b'{"code": "A123", "\\ud800": 1, "\\ud800": 1}')
    assert (told.status, told.json()["errors"][0]["field"]) == (400, "\\ud800")


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b'{"n": 1' + b', "n": 1' * 600_000 + b"}", "more than 1,000 keys in one object"),
        (b"[" + b"0," * 600_000 + b"0]", "more than 100,000 values"),
        (b"[" + b'{"a": {}}, ' * 100_000 + b"0]", "more than 100,000 values"),
        (b"[" * 600_000, "nested deeper than 32"),
        (b'{"a": ' * 600_000, "nested deeper than 32"),
    ],
    ids=["keys", "values", "small objects", "lists in lists", "objects in objects"],
)
def test_no_value_is_made_of_a_body_out_of_bounds(
    in_memory: Door, monkeypatch: pytest.MonkeyPatch, body: bytes, wrong: str
) -> None:
    """Making them would hold the interpreter, and everybody else's requests, for as long as it takes."""
    monkeypatch.setattr(json_text, "_decode", lambda _: pytest.fail("read"))
    told = asked(in_memory, "bring-events", body)
    assert (told.status, told.kind) == (400, "malformed")
    assert wrong in told.json()["errors"][0]["message"]


@pytest.mark.parametrize("body", [b'"' + b'\\"' * 100_000, b"]" * 100_000, b'[",{[' * 50_000, b'"', b"[1, ", b",,,"])
def test_what_is_no_json_at_all_is_looked_over_in_no_time(in_memory: Door, body: bytes) -> None:
    began = perf_counter()
    assert asked(in_memory, "bring-events", body).status == 400
    assert perf_counter() - began < 1


def test_as_many_values_as_a_body_may_have_are_read(in_memory: Door) -> None:
    """A thousand keys, and texts with any signs in them, are within bounds."""
    event = {f"k{number}": '{[,"\\' for number in range(1_000)}
    assert asked(in_memory, "bring-events", json.dumps(event).encode()).kind == "invalid"
    many = [{"specversion": "1.0", "data": {str(n): n for n in range(80)}}] * 1_000
    assert asked(in_memory, "bring-events", json.dumps(many).encode()).status == 200


@pytest.mark.parametrize("name", READING)
def test_a_byte_order_mark_before_a_body_is_skipped(in_memory: Door, name: str) -> None:
    assert asked(in_memory, name, MARK + json.dumps(example(in_memory, name)).encode()).status == PROPER[name].status


@pytest.mark.parametrize("name", READING)
@pytest.mark.parametrize(
    "body", [b"{} x", b"{'a': 1}", MARK, MARK + MARK + b"{}", b'{"a": "\xff"}', '{"code": "A123"}'.encode("utf-16")]
)
def test_what_is_no_json_is_told_with_its_place(in_memory: Door, name: str, body: bytes) -> None:
    told = asked(in_memory, name, body)
    assert (told.status, told.kind) == (400, "malformed")
    assert told.json()["errors"][0]["field"] == "body"
    assert told.json()["errors"][0]["message"].startswith("position ")


@pytest.mark.parametrize("name", READING)
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_json(in_memory: Door, name: str, number: str) -> None:
    assert asked(in_memory, name, f'{{"a": {number}}}'.encode()).status == 400


@pytest.mark.parametrize("name", sorted(set(READING) - {"bring-events"}))
def test_a_field_that_may_be_left_out_may_be_null(in_memory: Door, name: str) -> None:
    model = BY_NAME[name].body_model
    assert model is not None
    schema = in_memory.document()["components"]["schemas"][model.__name__]
    required = set(schema.get("required", []))
    body = {field: value for field, value in example(in_memory, name).items() if field in required}
    nothing = dict.fromkeys(set(schema["properties"]) - required)
    assert [field for field in nothing if "anyOf" not in schema["properties"][field]] == []
    told = asked(in_memory, name, body | nothing)
    assert told.status not in {400, 422}, told
    for field in required:
        assert asked(in_memory, name, body | {field: None}).json()["errors"][0]["field"] == field
    assert asked(in_memory, name, body | {"colour": None}).json()["errors"][0]["field"] == "colour"


def test_null_takes_the_place_of_no_default(in_memory: Door) -> None:
    body = {"contract": "K-20", "account": "B", "customer": "C-2", "product": None, "segment": None, "channel": None}
    contract = asked(in_memory, "conclude-contract", body).json()["contract"]
    assert (contract["product"], contract["segment"]) == ("electricity", "household")
    assert contract["channel"] == "self-service"
