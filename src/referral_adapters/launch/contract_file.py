"""Files of contracts, CSV or Parquet, opened by their kind."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol

from referral_adapters.feed import feed_lines
from referral_adapters.launch.rows import COLUMNS, DAYS, MOMENTS, FileRefused, SourceRow, check_columns

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
_BLOCK: Final = 1 << 20
"""How many bytes are read from the disk at a time."""
_SHOWN: Final = 1_000
"""How much of a line that cannot be split is shown in its reject, in characters."""
BATCH: Final = 10_000
"""How many rows of a Parquet file are read at a time."""


class CsvFile:
    """A CSV file in UTF-8, with or without a byte order mark; commas, semicolons or tabs, as its header has them.

    A row is a line: a quoted field ends on the line it began on. Blank lines are skipped. The encoding of the whole
    file is checked once before the first row is given.

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
    if '"' not in text:  # most rows have no quotes, and splitting is several times as quick as the reader
        return text.split(delimiter)
    return next(csv.reader([text], delimiter=delimiter, strict=True))


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
