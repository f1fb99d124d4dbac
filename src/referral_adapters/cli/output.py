"""Standard output: JSON Lines for programs, a screen and tables for people."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Collection, Iterable, Mapping
from typing import Any, BinaryIO, Final, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from referral_adapters.cli.text import printable

UNBOUNDED: Final = 100_000
"""The width of what is no terminal: nothing is folded or cut there."""
MOST_ROWS: Final = 200
"""The most rows that a table at a terminal shows; a pipe gets all."""
NOTHING: Final = "–"
"""What a table shows where there is no value."""


class Screen(Console):
    """A console that shows text as it is, and leaves a closed pipe to its caller."""

    def __init__(self, stream: TextIO) -> None:
        width = None if stream.isatty() else UNBOUNDED
        super().__init__(file=stream, width=width, highlight=False, markup=False, emoji=False)

    @classmethod
    def output(cls) -> Screen:
        """Return the screen of standard output."""
        return cls(sys.stdout)

    @classmethod
    def errors(cls) -> Screen:
        """Return the screen of standard error, where progress is shown."""
        return cls(sys.stderr)

    def on_broken_pipe(self) -> None:
        """Let the error pass: rich would end the process with a status of its own."""
        raise  # noqa: PLE0704 - called while the error is handled


def plain_table() -> Table:
    """Return an empty table with a line below its head and no other."""
    return Table(box=SIMPLE_HEAD, header_style="bold", show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))


def table_of(lines: Iterable[Mapping[str, Any]], *, right: Collection[str] = ()) -> Table:
    """Return objects as a table with a column for each field; fields named in ``right`` are set to the right."""
    table = plain_table()
    for line in lines:
        if not table.columns:
            for name in line:
                table.add_column(name, justify="right" if name in right else "left", overflow="fold")
        table.add_row(*(NOTHING if value is None else printable(str(value)) for value in line.values()))
    return table


def wants_json(as_json: bool) -> bool:
    """Tell whether the output is JSON: it was asked for, or no terminal shows the output."""
    return as_json or not sys.stdout.isatty()


def write_json(values: Iterable[dict[str, Any]]) -> int:
    """Write objects to standard output, one a line, and return how many there were."""
    output, count = standard_output(), 0
    try:
        for value in values:
            output.write(json_line(value))
            count += 1
    finally:
        output.flush()  # what comes before a failure is shown
    return count


def standard_output() -> BinaryIO:
    """Return standard output for bytes, always buffered, so that a write is never cut short; flush it at the end.

    Python has none that is buffered where ``PYTHONUNBUFFERED`` is set, as it often is in containers.
    """
    stream = sys.stdout.buffer
    if isinstance(stream, io.RawIOBase):
        return open(stream.fileno(), "wb", closefd=False)
    return stream


_line: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def json_line(value: dict[str, Any]) -> bytes:
    """Return an object on one line, in UTF-8 that people can read, with its line feed.

    Half of a surrogate pair, which a feed may hold in an escape, is written as that escape again: nothing else on the
    line could be read otherwise.
    """
    try:
        return _line(value).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def json_page(value: dict[str, Any]) -> bytes:
    """Return an object on many lines, indented by two."""
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
