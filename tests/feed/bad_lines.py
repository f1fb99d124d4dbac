"""Lines that are no proper events, each with the field or the position that its result must name."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from tests.feed.proper_events import PROPER

WRONG: list[Any] = [None, True, 0, -1, 1.5, 10**40, [], ["x"], {}, {"moment": 1}, "", " ", "\ud800", "a\0b", "x" * 5000]
"""Values that are of the wrong kind for most fields; where one is proper for a field, it is not used there."""

ODD = ["\u202e", "\ufeff", "\u0000", "\ud83d", "ﬁ", "١٢", "\u2028", "é\u0301"]
TAKES_ANY_TEXT = {"code", "reason", "first_name"}


def bad_lines(count: int, seed: int) -> Iterator[tuple[bytes, str]]:
    """Yield bad lines with what their results must name, the same ones for the same seed."""
    chance = random.Random(seed)
    makers = [
        wrong_kind, wrong_kind, missing, unknown, wrong_attribute, missing_attribute, duplicate_key, cut_off,
        not_utf8, byte_order_mark, deep, noise, no_object, bad_amount, bad_moment,
    ]  # fmt: skip
    for number in range(count):
        yield chance.choice(makers)(chance, f"bad-{seed}-{number}")


def event(chance: random.Random, id_: str) -> dict[str, Any]:
    """Return a proper event of some type."""
    type_ = chance.choice(sorted(PROPER))
    return {
        "specversion": "1.0",
        "id": id_,
        "source": "bad",
        "type": type_,
        "time": "2021-06-01T12:00:00+03:00",
        "data": json.loads(json.dumps(PROPER[type_])),
    }


def line_of(value: object) -> bytes:
    """Return a value as a line."""
    return json.dumps(value).encode()


def is_proper(type_: str, field: str, value: object) -> bool:
    """Tell whether a value could stand in a field after all."""
    if value is None:  # as if it were not there, which some fields may be
        return True
    proper = PROPER[type_][field]
    if isinstance(proper, bool):
        return isinstance(value, bool)
    if isinstance(value, str) and field in TAKES_ANY_TEXT:
        return value in {"", " "}
    return isinstance(proper, dict) and isinstance(value, dict) and value.keys() == proper.keys()


def wrong_kind(chance: random.Random, id_: str) -> tuple[bytes, str]:
    """A field of data holds something of the wrong kind."""
    value = event(chance, id_)
    field = chance.choice(sorted(value["data"]))
    wrong = chance.choice([one for one in WRONG if not is_proper(value["type"], field, one)])
    value["data"][field] = wrong
    return line_of(value), f"data.{field}"


def missing(chance: random.Random, id_: str) -> tuple[bytes, str]:
    """A field of data that is required is missing."""
    value = event(chance, id_)
    while value["type"] == "contract.concluded":
        value = event(chance, id_)
    value["data"] = {}
    return line_of(value), "data."


def unknown(chance: random.Random, id_: str) -> tuple[bytes, str]:
    """Data has a field that its type does not know."""
    value = event(chance, id_)
    field = chance.choice(["colour", "Contract", "contract ", *ODD])
    value["data"][field] = "x"
    return line_of(value), "data."


def wrong_attribute(chance: random.Random, id_: str) -> tuple[bytes, str]:
    """An attribute of the event holds something of the wrong kind, or is one that nobody knows."""
    value = event(chance, id_)
    attribute = chance.choice(["specversion", "id", "source", "type", "time", "actor", "actorrole", "data", "colour"])
    nothing = [None] if attribute in value else []  # one that may be left out may be null
    value[attribute] = chance.choice([*nothing, True, 7, 1e300, [], [{}], "", " x", "\ud800", "x" * 300])
    return line_of(value), attribute


def missing_attribute(chance: random.Random, id_: str) -> tuple[bytes, str]:
    """An attribute that is required is missing."""
    value = event(chance, id_)
    attribute = chance.choice(["specversion", "id", "source", "type", "time", "data"])
    del value[attribute]
    return line_of(value), attribute


def duplicate_key(chance: random.Random, id_: str) -> tuple[bytes, str]:
    """One key stands twice in one object."""
    text = line_of(event(chance, id_)).decode()
    return text.replace("{", '{"id": "twice", ', 1).encode(), "id"


def cut_off(chance: random.Random, id_: str) -> tuple[bytes, str]:
    """The line ends too early."""
    line = line_of(event(chance, id_))
    return line[: chance.randrange(1, len(line) - 1)], "position"


def not_utf8(chance: random.Random, id_: str) -> tuple[bytes, str]:
    """The line holds bytes that are no UTF-8."""
    line = line_of(event(chance, id_))
    place = chance.randrange(len(line))
    return line[:place] + chance.choice([b"\xff", b"\xc3(", b"\xed\xa0\x80"]) + line[place:], "position"


def byte_order_mark(chance: random.Random, id_: str) -> tuple[bytes, str]:
    """The line, which is not the first, starts with a byte-order mark."""
    return b"\xef\xbb\xbf" + line_of(event(chance, id_)), "position 1"


def deep(chance: random.Random, id_: str) -> tuple[bytes, str]:
    """The line nests deep, or too deep for anybody."""
    depth = chance.choice([50, 900, 990, 5_000, 100_000])
    text = line_of({**event(chance, id_), "data": "HERE"}).decode()
    return text.replace('"HERE"', '{"a":' * depth + "1" + "}" * depth).encode(), ""


def noise(chance: random.Random, id_: str) -> tuple[bytes, str]:
    """The line is noise."""
    return b"#" + chance.randbytes(chance.randrange(1, 80)).replace(b"\n", b"").replace(b"\r", b""), "position"


def no_object(chance: random.Random, id_: str) -> tuple[bytes, str]:
    """The line is JSON but no object."""
    text = chance.choice(["[]", "null", "1", '"x"', "true", "NaN", "-Infinity", "1" * 10_000, "[" * 200_000, "{}x"])
    return text.encode(), "position"


def bad_amount(chance: random.Random, id_: str) -> tuple[bytes, str]:
    """An amount that a rule refuses."""
    value = event(chance, id_)
    value["type"], value["data"] = "amount.set", dict(PROPER["amount.set"])
    value["data"]["amount"] = chance.choice(
        [
            "-1",
            "+1",
            "1e3",
            "1.005",
            "",
            " 1",
            "1 ",
            "1\n",
            "NaN",
            "Infinity",
            "1,5",
            "1_0",
            "١٢",
            "9" * 4000,
            ".5",
            "5.",
        ]
    )
    return line_of(value), "data.amount"


def bad_moment(chance: random.Random, id_: str) -> tuple[bytes, str]:
    """A moment that is none, or has no offset."""
    value = event(chance, id_)
    value["time"] = chance.choice(
        ["2021-06-01T12:00:00", "2021-06-01", "20210601T120000Z", "2021-02-30T12:00:00Z", "2021-06-01T25:00:00Z",
         "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0000-01-01T00:00:00Z", "2021-06-01T12:00:00+99:00",
         "2021-06-01T12:00:00Z\n", "yesterday", "٢٠٢١-06-01T12:00:00Z", "2021-06-01T12:00:60Z"]
    )  # fmt: skip
    return line_of(value), "time"
