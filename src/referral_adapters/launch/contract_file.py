"""Opening a file of contracts by its kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from referral_adapters.launch.csv_file import CsvFile
from referral_adapters.launch.errors import FileRefused
from referral_adapters.launch.parquet_file import ParquetFile
from referral_adapters.launch.source_row import ContractFile

FORMATS: Final[dict[str, Callable[[Path], ContractFile]]] = {"csv": CsvFile, "parquet": ParquetFile}
_SUFFIXES: Final = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet"}


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
