"""The laws about how many checks are answered (P1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from referral_core.programme.fault import Fault
from referral_core.programme.number_laws import number_faults, pause_faults
from referral_core.programme.settings import Settings

_MOST_CHECKS: Final = 1_000_000
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)


def checking_faults(settings: Settings) -> Iterator[Fault]:
    """Yield what is wrong with the numbers of checks and the time they are counted in (A4)."""
    checking = settings.checking
    yield from number_faults("checking.per_caller", checking.per_caller, _MOST_CHECKS)
    yield from number_faults("checking.per_address", checking.per_address, _MOST_CHECKS)
    yield from pause_faults("checking.within", checking.within, _SECOND, _DAY)
