"""How many checks of codes are answered, so that guessing codes is slow (A4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class Checking:
    """So many checks in a while, for one caller and for one address; systems are not limited."""

    per_caller: int = 30
    """The checks that one caller may ask for."""
    per_address: int = 60
    """The checks that may come from one network address, whoever asks."""
    within: timedelta = timedelta(minutes=1)
    """The time in which they may come."""


HOUSEHOLD_CHECKING: Final = Checking()
"""What the household programme sets."""
