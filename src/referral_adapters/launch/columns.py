"""The columns of a file of contracts, and which of them must be there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from referral_adapters.launch.errors import FileRefused

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
"""All there are, in whatever order they come."""


def check_columns(names: Sequence[str], file: str) -> None:
    """Refuse columns that are unknown, doubled or missing, all of them at once.

    :raises FileRefused: naming each.
    """
    counted = Counter(names)
    faults = [f"there is no column {_shown(name)} to import" for name in counted if name not in COLUMNS]
    faults += [f"the column {name} is there {count} times" for name, count in counted.items() if count > 1]
    faults += [f"the column {name} is missing" for name in REQUIRED if name not in counted]
    if faults:
        raise FileRefused(f"{file} cannot be imported: {'; '.join(faults)}.")


def _shown(name: str) -> str:
    return repr(name if len(name) <= 40 else name[:40] + "…")  # noqa: PLR2004 - enough to recognise it by
