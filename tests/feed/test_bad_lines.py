"""Bad lines: each is named for what it is, the good ones among them take effect, and memory stays flat."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from referral_adapters.feed import FeedRunner, feed_lines
from referral_adapters.feed.event import LONGEST_LINE
from referral_adapters.memory import MemoryStore
from referral_core import Programme
from tests.feed.bad_lines import bad_lines
from tests.feed.proper_events import PROPER

pytestmark = pytest.mark.rule("M1", "M3")

BAD_LINES = int(os.environ.get("REFERRAL_BAD_LINES", "15000"))
GOOD_EVERY = 500


def good_line(number: int) -> bytes:
    """Return a line that takes effect whatever stands around it."""
    event = {
        "specversion": "1.0",
        "id": f"good-{number}",
        "source": "good",
        "type": "group.add",
        "time": "2021-06-01T12:00:00+03:00",
        "data": {"group": f"group-{number}", "side": "referee"},
    }
    return json.dumps(event).encode()


def test_every_bad_line_is_named_and_the_good_ones_take_effect() -> None:
    store = MemoryStore(Programme.default())
    runner = FeedRunner(Programme.default(), store)
    for number, (line, named) in enumerate(bad_lines(BAD_LINES, seed=1), 1):
        result = runner.handle(line, number)
        assert result["outcome"] in {"invalid", "refused"}, (line[:300], result)
        assert named in result["message"], (line[:300], result)
        if number % GOOD_EVERY == 0:
            assert runner.handle(good_line(number), number)["outcome"] == "done"
    assert len(store.groups.all()) == 3 + BAD_LINES // GOOD_EVERY
    assert list(store.contracts.accounts()) == []
    assert [head[0] for head in store.trace.heads()] == sorted(
        f"group:group-{number}" for number in range(GOOD_EVERY, BAD_LINES + 1, GOOD_EVERY)
    )


@pytest.mark.parametrize("type_", sorted(PROPER))
def test_the_proper_events_that_bad_lines_are_made_of_are_proper(type_: str) -> None:
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "test",
        "type": type_,
        "time": "2021-06-01T12:00:00+03:00",
        "data": PROPER[type_],
    }
    result = FeedRunner(Programme.default(), MemoryStore(Programme.default())).handle(json.dumps(event), 1)
    assert result["outcome"] != "invalid", result


def test_a_line_of_ten_megabytes_is_refused_and_the_next_one_is_read(tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(b'{"id": "' + b"x" * 10_000_000 + b'"}\n' + good_line(1) + b"\n" + b"y" * 5_000_000)
    runner = FeedRunner(Programme.default(), MemoryStore(Programme.default()))
    with feed.open("rb") as stream:
        results = list(runner.run(feed_lines(stream)))
    assert [result["outcome"] for result in results] == ["invalid", "done", "invalid"]
    assert [result["line"] for result in results] == [1, 2, 3]
    assert f"longer than {LONGEST_LINE}" in results[0]["message"]


def test_a_line_of_just_the_longest_length_is_read(tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    padded = good_line(1) + b" " * (LONGEST_LINE - len(good_line(1)))
    feed.write_bytes(padded + b"\n" + padded + b" \n" + good_line(2))
    runner = FeedRunner(Programme.default(), MemoryStore(Programme.default()))
    with feed.open("rb") as stream:
        assert [result["outcome"] for result in runner.run(feed_lines(stream))] == ["done", "invalid", "done"]


MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize("lines", [[good_line(1), good_line(2)], [b"", good_line(1), good_line(2)]], ids=len)
def test_a_byte_order_mark_before_the_first_line_is_skipped(tmp_path: Path, lines: list[bytes]) -> None:
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(MARK + b"\r\n".join(lines))
    with feed.open("rb") as stream:
        assert list(feed_lines(stream)) == feed.read_bytes().removeprefix(MARK).split(b"\n")
    for given in (feed.read_bytes().split(b"\n"), feed.read_text(encoding="utf-8").split("\n")):
        results = FeedRunner(Programme.default(), MemoryStore(Programme.default())).run(given)
        assert [(result["line"], result["outcome"]) for result in results] == [
            (number, "done") for number, line in enumerate(lines, 1) if line
        ]


def test_a_byte_order_mark_before_another_line_is_invalid() -> None:
    runner = FeedRunner(Programme.default(), MemoryStore(Programme.default()))
    results = list(runner.run([good_line(1), MARK + good_line(2)]))
    assert [result["outcome"] for result in results] == ["done", "invalid"]
    assert results[1]["message"].startswith("position 1: there is a byte-order mark")


def test_a_mark_before_the_longest_line_does_not_count(tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    padded = good_line(1) + b" " * (LONGEST_LINE - len(good_line(1)))
    feed.write_bytes(MARK + padded + b"\n" + good_line(2))
    with feed.open("rb") as stream:
        assert [*map(len, feed_lines(stream))] == [LONGEST_LINE, len(good_line(2))]
    feed.write_bytes(MARK + padded + b" \n" + good_line(2))
    runner = FeedRunner(Programme.default(), MemoryStore(Programme.default()))
    with feed.open("rb") as stream:
        assert [result["outcome"] for result in runner.run(feed_lines(stream))] == ["invalid", "done"]


MEASURED = """
import resource, sys
from referral_adapters.feed import FeedRunner, feed_lines
from referral_adapters.memory import MemoryStore
from referral_core import Programme
runner = FeedRunner(Programme.default(), MemoryStore(Programme.default()))
with open(sys.argv[1], "rb") as stream:
    for result in runner.run(feed_lines(stream)):
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_kilobytes(feed: Path) -> int:
    """Return the most memory that a process of its own held while it ran a feed."""
    done = subprocess.run([sys.executable, "-c", MEASURED, str(feed)], capture_output=True, check=True, text=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="resource is not there")
def test_memory_stays_flat_over_bad_lines(tmp_path: Path) -> None:
    few, many = tmp_path / "few.jsonl", tmp_path / "many.jsonl"
    for feed, count in ((few, 1_000), (many, BAD_LINES // 4)):
        with feed.open("wb") as stream:
            stream.writelines(line + b"\n" for line, _ in bad_lines(count, seed=2))
            stream.write(b"z" * 10_000_000)
    assert peak_kilobytes(many) < peak_kilobytes(few) + 8_000
