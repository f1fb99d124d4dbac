"""What is said to whoever writes to the past."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from referral_core.values.moment import written


def unwritable(by: datetime, act: str) -> NoReturn:
    """Say that nothing can be stored in what was known at a moment: a slip of the program, and no reason of a rule.

    :raises TypeError: always.
    """
    raise TypeError(f"{act}: what was known at {written(by)} can only be read; write to the ports themselves")
