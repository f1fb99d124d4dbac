"""Reading a feed's lines from a binary stream without ever holding more than one, and none that is too long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, TypeVar

from referral_adapters.feed.event import LONGEST_LINE
from referral_adapters.wire.json_text import BYTE_ORDER_MARK, without_mark

Line = TypeVar("Line", str, bytes, "str | bytes")


def feed_lines(stream: BinaryIO, longest: int = LONGEST_LINE) -> Iterator[bytes]:
    """Yield the lines of a stream; of one of more than ``longest`` bytes only enough to be refused as too long.

    Only a line feed ends a line, whatever else Unicode calls a line break. A byte-order mark before the first one is
    no part of it.
    """
    return first_without_mark(_lines(stream, longest))


def first_without_mark(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield lines, the first one without the byte-order mark that some editors leave before it."""
    each = iter(lines)
    for first in each:
        yield without_mark(first)
        yield from each


def _lines(stream: BinaryIO, longest: int) -> Iterator[bytes]:
    room = longest + 2 + len(BYTE_ORDER_MARK.encode())  # for the mark of the first line, which does not count
    while line := stream.readline(room):
        if not line.endswith(b"\n") and len(line) == room:
            _skip_rest(stream)
        yield line.removesuffix(b"\n")


def _skip_rest(stream: BinaryIO) -> None:
    while rest := stream.readline(LONGEST_LINE):
        if rest.endswith(b"\n"):
            return
