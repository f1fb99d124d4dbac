"""Whether numbers and pauses lie within what a setting allows (P1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from referral_core.programme.duration import written_pause
from referral_core.programme.fault import Fault


def number_faults(place: str, number: int, most: int) -> Iterator[Fault]:
    """Yield a fault unless the number is between 1 and ``most``."""
    if not 1 <= number <= most:
        yield Fault(place, f"{number} is not between 1 and {most}")


def pause_faults(place: str, pause: timedelta, least: timedelta, most: timedelta) -> Iterator[Fault]:
    """Yield a fault unless the pause is between ``least`` and ``most``."""
    if not least <= pause <= most:
        yield Fault(place, f"is not between {written_pause(least)} and {written_pause(most)}")
