"""Rows of a file of contracts, as they were read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import attrs


@attrs.frozen
class SourceRow:
    """One row: its ``line`` (the row's number in a file without lines), and its ``cells`` as they were.

    ``values`` are the cells that are not empty, by column. ``fault`` says why the row could not be taken apart; then
    it has no values, and its one cell is all of it.
    """

    line: int
    cells: Sequence[str]
    values: Mapping[str, str]
    fault: str | None = None


class ContractFile(Protocol):
    """A file of contracts, found fit to be imported: its columns are known and its text is UTF-8."""

    @property
    def columns(self) -> Sequence[str]:
        """The columns, in the order of the cells."""
        ...

    @property
    def delimiter(self) -> str:
        """What stands between the cells of a row, for whoever writes some of them out again."""
        ...

    @property
    def size(self) -> int:
        """How much there is to read, in whatever unit ``done`` is."""
        ...

    @property
    def done(self) -> int:
        """How much of it has been read."""
        ...

    def rows(self) -> Iterator[SourceRow]:
        """Yield the rows one after another, without holding many.

        :raises FileRefused: the rest cannot be read.
        """
        ...

    def close(self) -> None:
        """Give the file back."""
        ...
