"""Where a feed is read from: a file, a pipe or standard input."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from referral_adapters.cli.errors import CommandFailed, FeedBroken, why
from referral_adapters.feed import feed_lines

STANDARD_INPUT: Final = "-"
_BLOCK: Final = 1 << 20


class FeedSource:
    """An open feed. ``size`` is its length in bytes, ``None`` when it cannot be known before its end.

    :raises CommandFailed: it cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self.name = "standard input" if path == STANDARD_INPUT else Path(path).name
        self._shown = "from standard input" if path == STANDARD_INPUT else path
        try:
            self._stream = _opened(path)
        except OSError as error:
            raise CommandFailed(f"The feed {self._shown} cannot be opened: {why(error)}.") from None
        self.size = _size(self._stream)

    @property
    def is_typed(self) -> bool:
        """Tell whether a person types it in."""
        return self._stream.isatty()

    def lines(self) -> Iterator[bytes]:
        """Yield the lines as they come.

        :raises FeedBroken: the rest cannot be read.
        """
        try:
            yield from feed_lines(self._stream)
        except OSError as error:
            raise FeedBroken(f"The feed {self._shown} cannot be read to its end: {why(error)}.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not getattr(sys.stdin, "buffer", None):
            self._stream.close()


def _opened(path: str) -> BinaryIO:
    if path != STANDARD_INPUT:
        return Path(path).open("rb", buffering=_BLOCK)
    if sys.stdin is None:
        raise OSError(None, "it is closed")
    return sys.stdin.buffer


def _size(stream: BinaryIO) -> int | None:
    try:
        status = os.fstat(stream.fileno())
    except OSError:  # a stream of another making
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
