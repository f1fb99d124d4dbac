"""The files that commands read and write: the programme, a feed, and files that appear whole."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from io import BufferedWriter, FileIO
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from referral_adapters.cli.exit_status import CommandFailed, FeedBroken, StopSignals, cause
from referral_adapters.feed import NotAFeed, feed_lines
from referral_adapters.feed.detection import feed_of
from referral_core.programme.programme import Programme
from referral_core.values.errors import ProgrammeInvalid
from referral_core.values.moment import show_moments_in

_BLOCK: Final = 1 << 16


class AtomicFile:
    """A file that is written beside its place, and takes the place on :meth:`commit`.

    Without a commit nothing of it remains, and the file that stood in the place before still does. A place that is no
    regular file, such as a pipe or ``/dev/null``, is written to directly. Permissions of a replaced file are kept.

    :raises CommandFailed: the file cannot be written there, which is found out before anything is written.
    """

    def __init__(self, path: Path, what: str) -> None:
        self._shown, self._what = path, what
        self._place = Path(os.path.realpath(path))
        self._beside: Path | None = None
        try:
            self._raw = self._opened()
        except OSError as error:
            raise self._failed(error) from None
        self._stream = BufferedWriter(self._raw, _BLOCK)

    def write(self, data: bytes) -> None:
        """Write some more bytes."""
        try:
            self._stream.write(data)
        except OSError as error:
            raise self._failed(error) from None

    def commit(self) -> None:
        """Put the file in its place; it is safe on the disk when this returns."""
        try:
            self._stream.flush()
            if self._beside is not None:  # before the rename, or a crash may leave an empty file in the place
                os.fsync(self._stream.fileno())
            self._stream.close()
            if self._beside is not None:
                self._beside.replace(self._place)
        except OSError as error:
            raise self._failed(error) from None
        self._beside = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Throw away what was not committed."""
        self._raw.close()  # not the stream: closing it would flush, and wait for the reader of a pipe
        if self._beside is not None:
            self._beside.unlink(missing_ok=True)

    def _opened(self) -> FileIO:
        present = self._shown.stat() if self._shown.exists() else None
        if present is not None and not stat.S_ISREG(present.st_mode):
            return self._shown.open("wb", buffering=0)  # its real path may be none that can be opened
        # A rename asks only for the right to the folder: a file that is not to be written would be replaced.
        if present is not None and not os.access(self._place, os.W_OK):
            raise PermissionError(None, "Permission denied")
        # In the same folder, since a rename is one step only within a file system.
        beside = self._place.with_name(f".referral-{secrets.token_hex(8)}.part")
        raw = beside.open("xb", buffering=0)
        self._beside = beside
        if present is not None:
            shutil.copymode(self._place, beside)
        return raw

    def _failed(self, error: OSError) -> CommandFailed:
        return CommandFailed(f"{self._what} cannot be written to {self._shown}: {cause(error)}.")


def is_same_file(one: Path, other: Path) -> bool:
    """Tell whether two paths are one regular file, or would be once it is made."""
    places = [Path(os.path.realpath(path)) for path in (one, other)]
    if places[0] == places[1]:
        return places[0].is_file() or not places[0].exists()
    return all(place.is_file() for place in places) and places[0].samefile(places[1])


STANDARD_INPUT: Final = "-"
_LARGE_BLOCK: Final = 1 << 20


class FeedSource:
    """An open feed: a file, a pipe or standard input. ``size`` is its length in bytes, ``None`` where it is unknown.

    :raises CommandFailed: it cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self.name = "standard input" if path == STANDARD_INPUT else Path(path).name
        self._shown = "from standard input" if path == STANDARD_INPUT else path
        try:
            self._stream = _opened_feed(path)
        except OSError as error:
            raise CommandFailed(f"The feed {self._shown} cannot be opened: {cause(error)}.") from None
        self.size = _size(self._stream)
        self._lines = self._read()

    @property
    def is_typed(self) -> bool:
        """Tell whether the feed is typed at a terminal."""
        return self._stream.isatty()

    def begin(self, stop: StopSignals) -> None:
        """Wait for the first line, unless it is typed at a terminal, so that nothing is done for what is no feed.

        :raises CommandFailed: the file is no feed at all, or cannot be read.
        """
        if not self.is_typed:
            self._lines = chain([*islice(stop.lines(self._lines), 1)], self._lines)

    def lines(self) -> Iterator[bytes]:
        """Yield the lines as they arrive.

        :raises CommandFailed: the file is no feed at all.
        :raises FeedBroken: the rest cannot be read.
        """
        return self._lines

    def _read(self) -> Iterator[bytes]:
        try:
            yield from feed_of(feed_lines(self._stream))
        except NotAFeed as error:
            raise CommandFailed(f"The feed {self._shown} is no feed: {error}.") from None
        except OSError as error:
            raise FeedBroken(f"The feed {self._shown} cannot be read to its end: {cause(error)}.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not getattr(sys.stdin, "buffer", None):  # which belongs to the process
            self._stream.close()


def _opened_feed(path: str) -> BinaryIO:
    if path != STANDARD_INPUT:
        return Path(path).open("rb", buffering=_LARGE_BLOCK)
    if sys.stdin is None:
        raise OSError(None, "it is closed")
    return sys.stdin.buffer


def _size(stream: BinaryIO) -> int | None:
    try:
        status = os.fstat(stream.fileno())
    except OSError:  # a stream of another making
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def open_programme(path: Path | None) -> Programme:
    """Return the programme in the file at ``path``, or the household programme without a path.

    :raises CommandFailed: the file cannot be read, or has faults, each of which is named on a line of its own.
    """
    try:
        programme = Programme.default() if path is None else programme_in(path)
        show_moments_in(programme.calendar)  # in every sentence of this command
        return programme
    except ProgrammeInvalid as invalid:
        raise CommandFailed(
            "\n".join([f"The programme {path} has faults:", *(f"  {fault}" for fault in invalid.faults)])
        ) from None


def programme_in(path: Path) -> Programme:
    """Return the programme in the file at ``path``.

    :raises CommandFailed: the file cannot be read.
    :raises ProgrammeInvalid: it has faults.
    """
    try:
        return Programme.from_file(path)
    except OSError as error:
        raise CommandFailed(f"The programme {path} cannot be opened: {cause(error)}.") from None
