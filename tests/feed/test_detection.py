"""The beginning of a feed: what is a feed, what is none at all, and what is no lines in the first place."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.feed import FeedRunner, NotAFeed, feed_lines
from referral_adapters.feed.detection import LOOKED_AT, feed_of
from referral_adapters.memory import MemoryStore
from referral_core import Programme
from referral_core.values.errors import ArgumentInvalid
from tests.feed.bad_lines import bad_lines
from tests.feed.story import line

MARK: Final = b"\xef\xbb\xbf"
GOOD: Final = line("group.disable", {"group": "referrer"}, time="2021-02-01T12:00:00+02:00", event="a")
EVENT: Final = json.loads(GOOD)


def runner() -> FeedRunner:
    return FeedRunner(Programme.default(), MemoryStore(Programme.default()))


def outcomes(lines: Iterable[str | bytes], by: FeedRunner | None = None) -> list[str]:
    return [result["outcome"] for result in (by or runner()).run(lines)]


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes((7 * row + each) % 256 for each in range(64)) for row in range(64))
    head = struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def xlsx() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


TWO: Final = f"{GOOD}\n{GOOD}\n"
OTHERS: Final[dict[str, bytes]] = {
    "a picture": png(),
    "the first bytes of a picture": png()[:8],
    "a packed feed": gzip.compress(TWO.encode()),
    "a workbook": xlsx(),
    "UTF-16 with a mark": TWO.encode("utf-16"),
    "UTF-16, little end first": TWO.encode("utf-16-le"),
    "UTF-16, big end first": TWO.encode("utf-16-be"),
    "UTF-32": TWO.encode("utf-32"),
    "a database": b"SQLite format 3\x00\x10\x00\x01\x01\x00@  \x00\x00",
    "a list of events": json.dumps([EVENT, EVENT]).encode(),
    "a list, an event a line": b"[\n" + json.dumps(EVENT).encode() + b",\n" + json.dumps(EVENT).encode() + b"\n]\n",
    "a list laid out": json.dumps([EVENT], indent=2).encode(),
    "an event laid out": json.dumps(EVENT, indent=2).encode(),
    "an event laid out without blanks": json.dumps(EVENT, indent=0).encode(),
    "XML": b'<?xml version="1.0"?>\n<events/>\n',
    "HTML on one line": b"<!doctype html><title>Feed</title>",
    "CSV": b"contract,account,customer,concluded_at\nK-1,A-1,ann,2020-03-01\n",
    "CSV in Latin-1": "contract;customer\nK-1;Õie\n".encode("latin-1"),
    "TOML": b'name = "Household"\n\n[[groups]]\nid = "referrer"\n',
    "TOML, a table first": b"[[groups]]\nid = 1\n",
    "YAML": b"---\nname: Household\n",
    "YAML, a list": b"- contract: K-1\n",
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
}


@pytest.mark.parametrize("start", [b"", MARK, b"\n\r\n"], ids=["at once", "behind a mark", "behind blank lines"])
@pytest.mark.parametrize("other", OTHERS)
def test_a_file_of_another_kind_is_one_error_and_nothing_is_done(other: str, start: bytes) -> None:
    by = runner()
    with pytest.raises(NotAFeed, match="a feed has one JSON object on each line") as caught:
        outcomes(feed_lines(io.BytesIO(start + OTHERS[other])), by)
    assert sum(by.counts.values()) == 0
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], []),
        ([""], []),
        (["\ufeff", "", " "], []),
        (["nonsense"], ["invalid"]),
        (["no event", "no event, either", "nor this; one"], ["invalid"] * 3),
        (["nonsense", GOOD], ["invalid", "done"]),
        (["# events of May", "", "# and June", GOOD], ["invalid", "invalid", "done"]),
        ([b"\x89\x01\x02", b"\0\0\0\0", GOOD.encode()], ["invalid", "invalid", "done"]),
        (["{}", "{"], ["invalid", "invalid"]),
        (["{broken", "{broken too"], ["invalid", "invalid"]),
        (['{"a": "\0"}'], ["invalid"]),
        (["{"], ["invalid"]),
        (["[]", "null", "1"], ["invalid", "invalid", "invalid"]),
        (["x" * 10_000], ["invalid"]),
    ],
)
def test_lines_that_are_not_right_are_told_one_by_one(lines: list[str | bytes], told: list[str]) -> None:
    assert outcomes(lines) == told


@given(st.lists(st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"")), max_size=LOOKED_AT - 1))
def test_whatever_stands_before_an_event_is_no_other_format(before: list[bytes]) -> None:
    first = next((each.strip() for each in before if each.strip()), b"")
    if not first.startswith((b"[", b"{")):
        assert outcomes([*before, GOOD.encode()])[-1] == "done"


def test_bad_lines_are_no_other_format() -> None:
    lines = [line for line, _ in bad_lines(60, seed=5)]
    assert len(outcomes(lines)) == sum(1 for each in lines if each.strip())


def test_a_line_that_looks_like_an_event_waits_for_no_other() -> None:
    taken = []

    def arriving() -> Iterator[str]:
        for number in range(5):
            taken.append(number)
            yield GOOD

    next(runner().run(arriving()))
    assert taken == [0]


def test_odd_lines_wait_for_a_few_others_only() -> None:
    taken: list[int] = []

    def arriving() -> Iterator[str]:
        for number in range(2000):
            taken.append(number)
            yield '"odd"' if number < 1_500 else GOOD

    next(runner().run(arriving()))
    assert len(taken) == LOOKED_AT
    taken.clear()
    blanks = (" " if number else '"odd"' for number in range(10_000))
    assert sum(1 for _ in feed_of(blanks)) == 10_000


# ── what is no lines ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path", ["feed.jsonl", b"feed.jsonl", Path("feed.jsonl"), bytearray(b"x"), EVENT, 17, None], ids=repr
)
def test_one_text_is_no_lines(path: Any) -> None:  # noqa: ANN401 - what the types forbid
    by = runner()
    with pytest.raises(ArgumentInvalid, match=f"lines: must be lines.* not {type(path).__name__}"):
        by.run(path)
    assert sum(by.counts.values()) == 0


@pytest.mark.parametrize("lines", [[EVENT], [17], [None], [GOOD, EVENT]], ids=["object", "number", "nothing", "second"])
def test_a_line_is_text_or_bytes(lines: list[Any]) -> None:
    with pytest.raises(ArgumentInvalid, match="line: must be text or bytes, not"):
        outcomes(lines)
    with pytest.raises(ArgumentInvalid, match="line: must be text or bytes, not"):
        runner().handle(lines[-1], 1)


@pytest.mark.parametrize("together", [0, -1])
def test_lines_go_together_by_one_at_least(together: int) -> None:
    with pytest.raises(ArgumentInvalid, match="together: must be at least 1"):
        runner().run([GOOD], together=together)


@pytest.mark.parametrize("first", [MARK + GOOD.encode(), "\ufeff" + GOOD], ids=["bytes", "text"])
def test_a_mark_is_skipped_before_the_first_line_alone(first: str | bytes) -> None:
    by = runner()
    assert by.handle(first, 1)["outcome"] == "done"
    assert by.handle(first, 2)["outcome"] == "invalid"
    assert outcomes([first]) == ["done"]
