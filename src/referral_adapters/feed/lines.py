"""Reading a feed's lines from a binary stream without ever holding more than one, and none that is too long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from referral_adapters.feed.event import LONGEST_LINE


def feed_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a stream; of one longer than ``LONGEST_LINE`` only enough to be refused as too long.

    Only a line feed ends a line, whatever else Unicode calls a line break.
    """
    while line := stream.readline(LONGEST_LINE + 2):
        if not line.endswith(b"\n"):
            _skip_rest(stream, len(line))
        yield line.removesuffix(b"\n")


def _skip_rest(stream: BinaryIO, read: int) -> None:
    if read < LONGEST_LINE + 2:
        return
    while rest := stream.readline(LONGEST_LINE):
        if rest.endswith(b"\n"):
            return
