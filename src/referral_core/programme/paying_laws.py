"""The laws about how legs are sent to billing (P1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from referral_core.programme.fault import Fault
from referral_core.programme.number_laws import number_faults, pause_faults
from referral_core.programme.settings import Settings

_MOST_ATTEMPTS: Final = 100
_MOST_GROWTH: Final = 10
_SECOND: Final = timedelta(seconds=1)
_HOUR: Final = timedelta(hours=1)
_YEAR: Final = timedelta(days=365)


def paying_faults(settings: Settings) -> Iterator[Fault]:
    """Yield what is wrong with attempts, pauses and the time that billing has (B2)."""
    paying = settings.paying
    yield from number_faults("paying.attempts", paying.attempts, _MOST_ATTEMPTS)
    yield from number_faults("paying.growth", paying.growth, _MOST_GROWTH)
    yield from pause_faults("paying.first_pause", paying.first_pause, _SECOND, _YEAR)
    yield from pause_faults("paying.longest_pause", paying.longest_pause, _SECOND, _YEAR)
    yield from pause_faults("paying.answer_within", paying.answer_within, _SECOND, _HOUR)
    if _SECOND <= paying.longest_pause < paying.first_pause <= _YEAR:
        yield Fault("paying.longest_pause", "is shorter than first_pause")
