"""Contracts in a Parquet file, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from referral_adapters.launch.columns import DAYS, MOMENTS, check_columns
from referral_adapters.launch.errors import FileRefused
from referral_adapters.launch.source_row import SourceRow

if TYPE_CHECKING:
    import pyarrow as pa

BATCH: Final = 10_000
_BLOCK: Final = 1 << 20


class ParquetFile:
    """A Parquet file whose columns hold text; those of moments and days may hold timestamps and dates as well.

    What is null or empty is not given. ``line`` counts rows from 1. The text of the whole file is looked through once
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
        """Give the file back."""
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
