"""Contracts in a CSV file: one line a row, the first names the columns."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from referral_adapters.feed import feed_lines
from referral_adapters.launch.columns import COLUMNS, check_columns
from referral_adapters.launch.errors import FileRefused
from referral_adapters.launch.source_row import SourceRow

LONGEST_ROW: Final = 65_536
"""How many bytes a line may have."""
_DELIMITERS: Final = (",", ";", "\t")
_BLOCK: Final = 1 << 20
_SHOWN: Final = 1_000


class CsvFile:
    """A CSV file in UTF-8, with or without a byte order mark; commas, semicolons or tabs, as its header has them.

    A row is a line: a quoted field ends on the line it began on. Blank lines are skipped. The whole file is looked
    through once for its encoding before the first row is given.

    :raises FileRefused: it cannot be opened, is not UTF-8, or its columns are not those to import.
    """

    def __init__(self, path: Path) -> None:
        self._shown = f"The file {path.name}"
        self.done = 0
        try:
            self._stream: BinaryIO = path.open("rb", buffering=_BLOCK)
        except OSError as error:
            raise FileRefused(f"{self._shown} cannot be opened: {error.strerror or error}.") from None
        try:
            self.size = path.stat().st_size
            self.delimiter, self.columns = self._header()
            self._check_encoding()
        except OSError as error:
            self.close()
            raise self._unreadable(error) from None
        except BaseException:
            self.close()
            raise

    def rows(self) -> Iterator[SourceRow]:
        """Yield the rows one after another, without holding many.

        :raises FileRefused: the rest cannot be read.
        """
        try:
            for line, data in self._lines():
                if line > 1 and data.strip():
                    yield self._row(line, data)
            self.done = self.size
        except OSError as error:
            raise self._unreadable(error) from None

    def close(self) -> None:
        """Give the file back."""
        self._stream.close()

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        self._stream.seek(0)
        self.done = 0
        for number, data in enumerate(feed_lines(self._stream, LONGEST_ROW), 1):
            self.done += len(data) + 1
            yield number, data.removeprefix(codecs.BOM_UTF8) if number == 1 else data

    def _row(self, line: int, data: bytes) -> SourceRow:
        text = data.decode(errors="backslashreplace").removesuffix("\r")
        try:
            if len(data) > LONGEST_ROW:
                raise csv.Error(f"the line is longer than {LONGEST_ROW:,} bytes")
            cells = _cells(text, self.delimiter)
        except csv.Error as error:
            return _whole(line, text, f"The line cannot be taken apart: {error}.")
        if len(cells) != len(self.columns):
            return _whole(line, text, f"The line has {len(cells)} cells and the header has {len(self.columns)}.")
        return SourceRow(line, cells, {name: cell for name, cell in zip(self.columns, cells, strict=True) if cell})

    def _header(self) -> tuple[str, list[str]]:
        """Return the delimiter with which the header names most columns, and all it names."""
        first = next(self._lines(), (1, b""))[1]
        if not first.strip():
            raise FileRefused(f"{self._shown} is empty: its first line names the columns.")
        try:
            text = first.decode().removesuffix("\r")
            split = {each: [cell.strip() for cell in _cells(text, each)] for each in _DELIMITERS}
        except UnicodeDecodeError:
            raise FileRefused(f"{self._shown} is not UTF-8: line 1, which names the columns.") from None
        except csv.Error as error:
            raise FileRefused(f"{self._shown} has a header that cannot be taken apart: {error}.") from None
        delimiter = max(split, key=lambda each: len(set(COLUMNS).intersection(split[each])))
        check_columns(split[delimiter], self._shown)
        return delimiter, split[delimiter]

    def _check_encoding(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")()
        self._stream.seek(0)
        try:
            while block := self._stream.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise FileRefused(f"{self._shown} is not UTF-8: {self._place_of_fault()}.") from None

    def _place_of_fault(self) -> str:
        for line, data in self._lines():
            text = data.decode(errors="surrogateescape")
            if len(data) <= LONGEST_ROW and not _is_proper(text):
                return f"line {line}{self._column_of_fault(text)}"
        return "a line that is too long"

    def _column_of_fault(self, text: str) -> str:
        with suppress(csv.Error):
            for name, cell in zip(self.columns, _cells(text, self.delimiter), strict=False):
                if not _is_proper(cell):
                    return f", column {name}"
        return ""

    def _unreadable(self, error: OSError) -> FileRefused:
        return FileRefused(f"{self._shown} cannot be read: {error.strerror or error}.")


def _cells(text: str, delimiter: str) -> list[str]:
    if '"' not in text:
        return text.split(delimiter)
    return next(csv.reader([text], delimiter=delimiter, strict=True))


def _whole(line: int, text: str, fault: str) -> SourceRow:
    return SourceRow(line, [text if len(text) <= _SHOWN else text[:_SHOWN] + "…"], {}, fault)


def _is_proper(text: str) -> bool:
    return not any("\udc80" <= sign <= "\udcff" for sign in text)
