"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from io import BufferedWriter, FileIO
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from referral_adapters.cli.errors import CommandFailed, why

_BLOCK: Final = 1 << 16


class AtomicFile:
    """A file that is written beside its place, and takes the place when :meth:`commit` is called.

    Left without a commit, nothing of it remains, and what stood in the place before still does. What is no regular
    file, such as a pipe or ``/dev/null``, is written to directly. Permissions of a file that is replaced are kept.

    :raises CommandFailed: it cannot be written there; this is found out when it is made.
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
        """Write some more of it."""
        try:
            self._stream.write(data)
        except OSError as error:
            raise self._failed(error) from None

    def commit(self) -> None:
        """Put the file in its place; it is safe on the disk when this returns."""
        try:
            self._stream.flush()
            if self._beside is not None:
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
        """Throw away what was not committed, waiting for nobody to take what is still to be flushed."""
        self._raw.close()
        if self._beside is not None:
            self._beside.unlink(missing_ok=True)

    def _opened(self) -> FileIO:
        present = self._shown.stat() if self._shown.exists() else None
        if present is not None and not stat.S_ISREG(present.st_mode):
            return self._shown.open("wb", buffering=0)  # its real path may be none that can be opened
        if present is not None and not os.access(self._place, os.W_OK):
            raise PermissionError(None, "Permission denied")
        beside = self._place.with_name(f".referral-{secrets.token_hex(8)}.part")
        raw = beside.open("xb", buffering=0)
        self._beside = beside
        if present is not None:
            shutil.copymode(self._place, beside)
        return raw

    def _failed(self, error: OSError) -> CommandFailed:
        return CommandFailed(f"{self._what} cannot be written to {self._shown}: {why(error)}.")


def is_same_file(one: Path, other: Path) -> bool:
    """Tell whether two paths are one regular file, or will be one once it is made."""
    places = [Path(os.path.realpath(path)) for path in (one, other)]
    if places[0] == places[1]:
        return places[0].is_file() or not places[0].exists()
    return all(place.is_file() for place in places) and places[0].samefile(places[1])
