"""The rows of a file of contracts: its columns, and the contract that a row describes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

import attrs

from referral_adapters.feed.fields import Fields
from referral_core.entities.contract import Contract
from referral_core.values.errors import ReferralError
from referral_core.values.moment import Calendar


@attrs.frozen
class SourceRow:
    """One row as it was read: its ``line`` (the row's number in a file without lines), and its ``cells``.

    ``values`` are the cells that are not empty, by column. ``fault`` says why the row could not be split into cells;
    such a row has no values, and its one cell is the whole line.
    """

    line: int
    cells: Sequence[str]
    values: Mapping[str, str]
    fault: str | None = None


REQUIRED: Final = ("contract", "account", "customer", "concluded_at")
MOMENTS: Final = ("concluded_at", "activated_at", "ended_at")
"""Columns of moments, or of days, which mean their local midnight."""
DAYS: Final = ("starts_on",)
COLUMNS: Final = (
    "contract",
    "account",
    "customer",
    "product",
    "segment",
    "channel",
    "concluded_at",
    "activated_at",
    "ended_at",
    "starts_on",
    "first_name",
)
"""All columns; a file may have them in any order."""
REJECT_COLUMNS: Final = ("line", "field", "reason", "message")
"""The columns that a file of rejects has behind those of the row itself; an import passes them over."""

_FORMULA: Final = re.compile("'*[=+\\-@\t\r＝＋－＠]")
"""The beginning of a formula for a spreadsheet, in full width too, behind any apostrophes."""


def guarded(cell: str) -> str:
    """Return the text of a cell that no spreadsheet runs as a formula; :func:`unguarded` gives the cell back.

    >>> guarded("+3725550001"), guarded("A-1"), guarded("'=A1")
    ("'+3725550001", 'A-1', "''=A1")
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(text: str) -> str:
    """Return the cell that a text stands for, without the apostrophe that guards it against being run as a formula.

    >>> unguarded("'+3725550001"), unguarded("'A-1")
    ('+3725550001', "'A-1")
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text, 1) else text


_DAYS: Final = 4_096
"""How many days are kept with their midnights: the rows of a file name a few thousand days between them."""


class ContractRows:
    """Reads contracts from rows, in the words and with the defaults of a feed.

    A moment that is only a day means its midnight in the programme's zone (M1).
    """

    def __init__(self, calendar: Calendar) -> None:
        self._midnight = lru_cache(_DAYS)(calendar.start_of)

    def contract(self, values: Mapping[str, str]) -> Contract:
        """Return the contract that a row's values describe.

        :raises LineInvalid: a value is missing, or not of its kind.
        :raises Refusal: ``moment-naive``, ``moment-invalid``.
        """
        fields = Fields(values, at="")
        contract, account, customer = fields.name("contract"), fields.name("account"), fields.name("customer")
        product, segment = fields.optional_name("product"), fields.optional_name("segment")
        channel = fields.optional_name("channel")
        first_name = fields.text("first_name") if fields.has("first_name") else None
        # Where the column is empty, reading it as a moment says that it is missing.
        concluded_at = self._moment(fields, "concluded_at") or fields.moment("concluded_at")
        activated_at, ended_at = self._moment(fields, "activated_at"), self._moment(fields, "ended_at")
        starts_on = fields.date("starts_on") if fields.has("starts_on") else None
        fields.close()
        return Contract.imported(
            id=contract,
            account=account,
            customer=customer,
            product=product or "electricity",
            segment=segment or "household",
            channel=channel or "self-service",
            concluded_at=concluded_at,
            activated_at=activated_at,
            ended_at=ended_at,
            starts_on=starts_on,
            first_name=first_name,
        )

    def _moment(self, fields: Fields, name: str) -> datetime | None:
        if not fields.has(name):
            return None
        return self._midnight(fields.date(name), name) if fields.is_day(name) else fields.moment(name)


def check_columns(names: Sequence[str], file: str) -> None:
    """Refuse columns that are unknown, doubled or missing, all of them at once.

    :raises FileRefused: some are; the message names each of them.
    """
    counted = Counter(names)
    faults = [f"there is no column {_shown(name)} to import" for name in counted if name not in COLUMNS]
    faults += [f"the column {name} is there {count} times" for name, count in counted.items() if count > 1]
    faults += [f"the column {name} is missing" for name in REQUIRED if name not in counted]
    if faults:
        raise FileRefused(f"{file} cannot be imported: {'; '.join(faults)}.")


def _shown(name: str) -> str:
    return repr(name if len(name) <= 40 else name[:40] + "…")  # noqa: PLR2004 - enough to recognise it by


class FileRefused(ReferralError):
    """A file cannot be imported, or not to its end; the message is one sentence that names every fault."""
