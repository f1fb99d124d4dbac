"""JSON as every door reads it: to the letter, or refused."""

from __future__ import annotations

import json
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.wire.json_text import BYTE_ORDER_MARK, JsonInvalid, read_json, read_object, without_mark

KEYS = 600_000


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=10,
    )
)
def test_what_is_json_is_read_as_it_was_written(value: Any) -> None:  # noqa: ANN401 - any JSON
    for text in (json.dumps(value), json.dumps(value, indent=2, ensure_ascii=False)):
        assert read_json(text) == read_json(text.encode()) == value
    assert read_object(json.dumps({"a": value})) == {"a": value}


@pytest.mark.parametrize(
    ("text", "place", "wrong"),
    [
        ('{"a": 1, "a": 1}', "a", "stands twice in one object"),
        ('[{"b": {"a": 1, "b": 2, "a": null}}]', "a", "stands twice in one object"),
        ('{"a": 1, "\\u0061": 2}', "a", "stands twice in one object"),
        ('{"": 1, "": 2}', '""', "stands twice in one object"),
        ('{"\\ud800": 1, "\\ud800": 2}', "\\ud800", "stands twice in one object"),
        (json.dumps({"x" * 900: 1, "y": 2}).replace("y", "x" * 900), "x" * 40, "stands twice in one object"),
        ('{"a": NaN}', "position 1", "NaN is no JSON"),
        ("[Infinity]", "position 1", "Infinity is no JSON"),
        ("-Infinity", "position 1", "-Infinity is no JSON"),
        ("[" * 100_000, "position 1", "nested too deep"),
        ('{"a":' * 100_000, "position 1", "nested too deep"),
        ("9" * 10_000, "position 1", "digits"),
        (b'{"a": "\xff"}', "position 8", "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "position 1", "not UTF-8"),
        (BYTE_ORDER_MARK + "{}", "position 1", "byte-order mark"),
        (f"{BYTE_ORDER_MARK}{{}}".encode(), "position 1", "byte-order mark"),
        ("", "position 1", "Expecting value"),
        ("{}x", "position 3", "Extra data"),
        ("{'a': 1}", "position 2", "Expecting property name"),
        ('{"a": 1,}', "position", "Expecting property name"),
        ("{} // no", "position 4", "Extra data"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_what_is_no_proper_json_is_refused_with_its_place(text: str | bytes, place: str, wrong: str) -> None:
    with pytest.raises(JsonInvalid) as caught:
        read_json(text)
    assert caught.value.place.startswith(place)
    assert wrong in caught.value.wrong
    assert str(caught.value) == f"{caught.value.place}: {caught.value.wrong}"
    assert caught.value.is_key == ("twice" in wrong)
    str(caught.value).encode()


@pytest.mark.parametrize("text", ["[]", "null", "1", '"{}"', b"true"])
def test_what_is_no_object_is_not_read_as_one(text: str | bytes) -> None:
    with pytest.raises(JsonInvalid, match="position 1: not a JSON object"):
        read_object(text)


def test_a_key_in_two_objects_stands_in_each_once() -> None:
    assert read_json('[{"a": {"a": 1}}, {"a": 2}]') == [{"a": {"a": 1}}, {"a": 2}]


@pytest.mark.parametrize("last", ["", ', "k599999": 1'], ids=["each once", "the last one twice"])
def test_very_many_keys_take_no_longer_than_reading_them(last: str) -> None:
    text = "{" + ", ".join(f'"k{number}": 1' for number in range(KEYS)) + last + "}"
    begun = perf_counter()
    if last:
        with pytest.raises(JsonInvalid, match="k599999: stands twice"):
            read_json(text)
    else:
        assert len(read_json(text)) == KEYS
    assert perf_counter() - begun < 20  # a quadratic look took hours


def test_a_mark_before_a_text_can_be_taken_off_once() -> None:
    assert without_mark("\ufeff{}") == without_mark("{}") == "{}"
    assert without_mark(b"\xef\xbb\xbf{}") == without_mark(b"{}") == b"{}"
    assert without_mark("\ufeff\ufeff") == "\ufeff"
