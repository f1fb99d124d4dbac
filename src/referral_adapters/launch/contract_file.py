"""Files of contracts, CSV or Parquet, opened by their kind."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol

from referral_adapters.feed import feed_lines
from referral_adapters.launch.rows import (
    COLUMNS,
    DAYS,
    MOMENTS,
    REJECT_COLUMNS,
    FileRefused,
    SourceRow,
    check_columns,
    unguarded,
)

if TYPE_CHECKING:
    import pyarrow as pa


class ContractFile(Protocol):
    """A file of contracts, found fit to be imported: its columns are known and its text is UTF-8."""

    @property
    def columns(self) -> Sequence[str]:
        """The columns, in the order of the cells."""
        ...

    @property
    def delimiter(self) -> str:
        """What separates the cells of a row, so that rejects can be written in the same way."""
        ...

    @property
    def size(self) -> int:
        """The length of the file, in the unit of ``done``: bytes of a CSV file, rows of a Parquet file."""
        ...

    @property
    def done(self) -> int:
        """How much of the file has been read."""
        ...

    def rows(self) -> Iterator[SourceRow]:
        """Yield the rows one after another, without holding many.

        :raises FileRefused: the rest cannot be read.
        """
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def open_contracts(path: Path, kind: str | None = None) -> ContractFile:
    """Open a file of contracts, ``csv`` or ``parquet`` as its suffix or ``kind`` says; close it at the end.

    :raises FileRefused: it cannot be opened, or is not fit to be imported; nothing was written.
    """
    kind = kind or _SUFFIXES.get(path.suffix.lower())
    if kind not in FORMATS:
        raise FileRefused(f"The file {path.name} does not say what it is: name it .csv or .parquet, or give a format.")
    if path.exists() and not path.is_file():
        raise FileRefused(f"The file {path.name} cannot be imported: it is no regular file.")
    return FORMATS[kind](path)


LONGEST_ROW: Final = 65_536
"""How many bytes a line may have."""
_DELIMITERS: Final = (",", ";", "\t")
_DELIMITER_LINE: Final = re.compile(rb'"?sep=([,;\t])"?', re.IGNORECASE)
"""The line before the header in which Excel names the delimiter."""
_BLANK: Final = b' \t\r\v\f"'
"""What a line without anything in its cells is made of, beside delimiters."""
_BLOCK: Final = 1 << 20
"""How many bytes are read from the disk at a time."""
_SHOWN: Final = 1_000
"""How much of a line that cannot be split is shown in its reject, in characters."""
BATCH: Final = 10_000
"""How many rows of a Parquet file are read at a time."""


class CsvFile:
    """A CSV file in UTF-8, with or without a byte order mark; commas, semicolons or tabs, as its header has them.

    A row is a line: a quoted field ends on the line it began on. Lines with nothing in their cells are skipped. Columns
    at the end are passed over when they have no name and hold nothing, and when they are those of a file of rejects.
    The apostrophe that guards a cell against being run as a formula is taken off. The encoding of the whole file is
    checked once before the first row is given.

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
            self.delimiter, self._header_line, names = self._header()
            self.columns, self._tail = _without_tail(names)
            check_columns(self.columns, self._shown)
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
                if line > self._header_line and not self._is_blank(data):
                    yield self._row(line, data)
            self.done = self.size
        except OSError as error:
            raise self._unreadable(error) from None

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        self._stream.seek(0)
        self.done = 0
        for number, data in enumerate(feed_lines(self._stream, LONGEST_ROW), 1):
            self.done += len(data) + 1
            yield number, data.removeprefix(codecs.BOM_UTF8) if number == 1 else data

    def _row(self, line: int, data: bytes) -> SourceRow:
        # A line that is too long may have been cut inside a character.
        text = data.decode(errors="backslashreplace").removesuffix("\r")
        try:
            if len(data) > LONGEST_ROW:
                raise csv.Error(f"the line is longer than {LONGEST_ROW:,} bytes")
            cells = _cells(text, self.delimiter)
        except csv.Error as error:
            return _whole(line, text, f"The line cannot be taken apart: {error}.")
        due = len(self.columns) + len(self._tail)
        if len(cells) != due:
            return _whole(line, text, f"The line has {len(cells)} cells and the header has {due}.")
        if self._tail:
            tail = zip(self._tail, cells[len(self.columns) :], strict=True)
            if any(not name and cell.strip() for name, cell in tail):
                return _whole(line, text, "The line has a cell in a column without a name.")
            cells = cells[: len(self.columns)]
        if "'" in text:
            cells = [unguarded(cell) for cell in cells]
        return SourceRow(line, cells, {name: cell for name, cell in zip(self.columns, cells, strict=True) if cell})

    def _is_blank(self, data: bytes) -> bool:
        """Tell whether a line has nothing in its cells: spreadsheets write such lines for rows that were emptied."""
        if data.strip(_BLANK + self.delimiter.encode()):
            return False
        try:
            return not any(cell.strip() for cell in _cells(data.decode().removesuffix("\r"), self.delimiter))
        except csv.Error:
            return False

    def _header(self) -> tuple[str, int, list[str]]:
        """Return the delimiter with which the header names most columns, the header's line, and all it names."""
        lines = self._lines()
        number, first = next(lines, (1, b""))
        delimiters: Sequence[str] = _DELIMITERS
        if named := _DELIMITER_LINE.fullmatch(first.strip(b" \r")):
            delimiters = (named[1].decode(),)
            number, first = next(lines, (2, b""))
        if not first.strip():
            raise FileRefused(f"{self._shown} is empty: its first line names the columns.")
        try:
            text = first.decode().removesuffix("\r")
        except UnicodeDecodeError:
            raise FileRefused(f"{self._shown} is not UTF-8: line {number}, which names the columns.") from None
        split: dict[str, list[str]] = {}
        fault: csv.Error | None = None
        for each in delimiters:
            try:
                split[each] = [cell.strip() for cell in _cells(text, each)]
            except csv.Error as error:  # a quoted cell, behind which another delimiter stands: only that one splits
                fault = error
        if not split:
            raise FileRefused(f"{self._shown} has a header that cannot be taken apart: {fault}.")
        delimiter = max(split, key=lambda each: len(set(COLUMNS).intersection(split[each])))
        return delimiter, number, split[delimiter]

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
    if '"' not in text:  # most rows have no quotes, and splitting is several times as quick as the reader
        return text.split(delimiter)
    return next(csv.reader([text], delimiter=delimiter, strict=True))


def _without_tail(names: list[str]) -> tuple[list[str], list[str]]:
    """Return the columns of a header to be read, and those at its end that are not."""
    last = len(names)
    while last and not names[last - 1]:
        last -= 1
    if tuple(names[:last][-len(REJECT_COLUMNS) :]) == REJECT_COLUMNS:
        last -= len(REJECT_COLUMNS)
    return names[:last], names[last:]


def _whole(line: int, text: str, fault: str) -> SourceRow:
    return SourceRow(line, [text if len(text) <= _SHOWN else text[:_SHOWN] + "…"], {}, fault)


def _is_proper(text: str) -> bool:
    return not any("\udc80" <= sign <= "\udcff" for sign in text)


class ParquetFile:
    """A Parquet file whose columns hold text; columns of moments and days may hold timestamps and dates as well.

    Null and empty cells count as left out. ``line`` counts rows from 1. The encoding of the whole file is checked once
    before the first row is given.

    :raises FileRefused: it cannot be opened or needs pyarrow, or its columns are not those to import.
    """

    delimiter = ","

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow as pa  # noqa: PLC0415 - an extra of its own, and slow to import
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError:
            raise FileRefused(
                "A Parquet file needs the extra `parquet`: pip install 'referral-core[parquet]'."
            ) from None
        self._shown = f"The file {path.name}"
        self._arrow = pa
        self.done = 0
        try:
            self._stream = path.open("rb")
        except OSError as error:
            raise FileRefused(f"{self._shown} cannot be opened: {error.strerror or error}.") from None
        try:
            # Without buffering ahead, memory stays flat: only the batch in hand is held.
            self._file = parquet.ParquetFile(self._stream, buffer_size=_BLOCK, pre_buffer=False)
            self.columns: list[str] = self._file.schema_arrow.names
            self.size = self._file.metadata.num_rows
            check_columns(self.columns, self._shown)
            self._check_types()
            self._check_encoding()
        except (OSError, pa.ArrowException):
            self.close()
            raise FileRefused(f"{self._shown} is not a Parquet file, or it is damaged.") from None
        except BaseException:
            self.close()
            raise

    def rows(self) -> Iterator[SourceRow]:
        """Yield the rows one after another, without holding many.

        :raises FileRefused: the rest cannot be read.
        """
        self.done = 0
        for batch in self._batches():
            texts = [self._texts(column) for column in batch.columns]
            for cells in zip(*texts, strict=True):
                self.done += 1
                values = {name: cell for name, cell in zip(self.columns, cells, strict=True) if cell}
                yield SourceRow(self.done, cells, values)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._file.iter_batches(batch_size=BATCH, use_threads=False)
        except (OSError, self._arrow.ArrowException):
            raise FileRefused(f"{self._shown} is damaged: it cannot be read to its end.") from None

    def _texts(self, column: pa.Array) -> list[str]:
        """Return a column as text, empty where there is nothing; moments as RFC 3339 writes them."""
        pa = self._arrow
        kind: Any = column.type
        if pa.types.is_dictionary(kind):
            column = column.dictionary_decode()
        elif pa.types.is_timestamp(kind):
            zone = None if kind.tz is None else "UTC"
            column = column.cast(pa.timestamp("us", kind.tz), safe=False).cast(pa.timestamp("us", zone))
        return [text or "" for text in column.cast(pa.string()).to_pylist()]

    def _check_types(self) -> None:
        faults = [
            f"the column {field.name} holds {field.type} and not text"
            for field in self._file.schema_arrow
            if not self._fits(field.name, field.type)
        ]
        if faults:
            raise FileRefused(f"{self._shown} cannot be imported: {'; '.join(faults)}.")

    def _fits(self, name: str, kind: pa.DataType) -> bool:
        types = self._arrow.types
        held = kind.value_type if types.is_dictionary(kind) else kind
        if types.is_string(held) or types.is_large_string(held) or types.is_string_view(held) or types.is_null(held):
            return True
        return (name in (*MOMENTS, *DAYS) and types.is_date(kind)) or (name in MOMENTS and types.is_timestamp(kind))

    def _check_encoding(self) -> None:
        for batch in self._batches():
            for name, column in zip(self.columns, batch.columns, strict=True):
                try:
                    column.validate(full=True)
                except self._arrow.ArrowInvalid:
                    raise FileRefused(f"{self._shown} is not UTF-8: column {name}.") from None


FORMATS: Final[dict[str, Callable[[Path], ContractFile]]] = {"csv": CsvFile, "parquet": ParquetFile}
"""The formats by their names."""
_SUFFIXES: Final = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet"}
