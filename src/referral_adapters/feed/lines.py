"""Reading a feed's lines from a binary stream without ever holding more than one, and none that is too long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from referral_adapters.feed.event import LONGEST_LINE


def feed_lines(stream: BinaryIO, longest: int = LONGEST_LINE) -> Iterator[bytes]:
    """Yield the lines of a stream; of one of more than ``longest`` bytes only enough to be refused as too long.

    Only a line feed ends a line, whatever else Unicode calls a line break.
    """
    while line := stream.readline(longest + 2):
        if not line.endswith(b"\n") and len(line) == longest + 2:
            _skip_rest(stream)
        yield line.removesuffix(b"\n")


def _skip_rest(stream: BinaryIO) -> None:
    while rest := stream.readline(LONGEST_LINE):
        if rest.endswith(b"\n"):
            return
