"""Faults of the trace: where something is wrong, and what."""

from __future__ import annotations

from typing import Final

import attrs

SEALS_SUBJECT: Final = "seal"
"""What stands for the subject where it is a seal that something is wrong with."""


@attrs.frozen
class TraceFault:
    """Something that is wrong with one row of the trace, or with one seal.

    ``subject`` and ``number`` name the row, or the seal when the subject is ``SEALS_SUBJECT``; ``what`` is wrong is
    said in a few words. As text it is one line.
    """

    subject: str
    number: int
    what: str

    def __str__(self) -> str:
        """Say where, then what."""
        place = "seal" if self.subject == SEALS_SUBJECT else f"{self.subject} row"
        return f"{place} {self.number}: {self.what}"
