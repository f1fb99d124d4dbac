"""Results as JSON Lines."""

from __future__ import annotations

from typing import Any, BinaryIO, Protocol

from referral_adapters.cli.atomic_file import AtomicFile
from referral_adapters.cli.errors import CommandFailed, why
from referral_adapters.cli.json_text import json_line

Result = dict[str, Any]


class Results(Protocol):
    """What takes the results of a feed's lines, one after another.

    :raises BrokenPipeError: nobody reads them any more.
    :raises CommandFailed: they cannot be written.
    """

    def take(self, result: Result) -> None:
        """Take one result."""
        ...

    def close(self) -> None:
        """Learn that there are no more."""
        ...


class NoResults:
    """Takes results and shows none."""

    def take(self, result: Result) -> None:
        """Take one result."""

    def close(self) -> None:
        """Learn that there are no more."""


class PipedResults:
    """Writes results to a stream; ``live`` hands on each at once, for a feed that comes slowly."""

    def __init__(self, stream: BinaryIO, *, live: bool) -> None:
        self._stream = stream
        self._live = live

    def take(self, result: Result) -> None:
        """Write one result."""
        try:
            self._stream.write(json_line(result))
            if self._live:
                self._stream.flush()
        except OSError as error:
            raise _failed(error) from None

    def close(self) -> None:
        """Hand on what is left."""
        try:
            self._stream.flush()
        except OSError as error:
            raise _failed(error) from None


class FiledResults:
    """Writes results to a file, which appears when it is whole."""

    def __init__(self, file: AtomicFile) -> None:
        self._file = file

    def take(self, result: Result) -> None:
        """Write one result."""
        self._file.write(json_line(result))

    def close(self) -> None:
        """Put the file in its place."""
        self._file.commit()


def _failed(error: OSError) -> OSError | CommandFailed:
    if isinstance(error, BrokenPipeError):
        return error
    return CommandFailed(f"The results cannot be written: {why(error)}.")
