"""All the laws of a programme, in one list (P1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from dateutil import tz

from referral_core.programme.checking_laws import checking_faults
from referral_core.programme.duration import LONGEST_YEARS, is_length
from referral_core.programme.fault import Fault
from referral_core.programme.group_laws import (
    group_faults,
    referee_line_faults,
    referee_table_faults,
    referrer_group_faults,
)
from referral_core.programme.paying_laws import paying_faults
from referral_core.programme.settings import Settings
from referral_core.programme.sharing_laws import language_faults, sharing_faults
from referral_core.programme.word_laws import (
    code_faults,
    coverage_faults,
    existing_customer_faults,
    name_faults,
    offensive_word_faults,
)
from referral_core.values.calendar import zone_named

Law = Callable[[Settings], Iterator[Fault]]

_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_MOST_MONTHS: Final = 12 * LONGEST_YEARS


def zone_faults(settings: Settings) -> Iterator[Fault]:
    """Yield a fault if the zone is not one of the IANA database (M1)."""
    try:
        known = _ZONE.fullmatch(settings.zone) and not isinstance(zone_named(settings.zone), tz.tzstr)
    except LookupError:
        known = False
    if not known:
        yield Fault("zone", f"there is no time zone {settings.zone!r}")


def currency_faults(settings: Settings) -> Iterator[Fault]:
    """Yield a fault if the currency is not written as in ISO 4217 (M3)."""
    if not _CURRENCY.fullmatch(settings.currency):
        yield Fault("currency", f"{settings.currency!r} is not three capital letters")


def returning_faults(settings: Settings) -> Iterator[Fault]:
    """Yield a fault if the length of absence is none (S2)."""
    if settings.returning_after is not None and not is_length(settings.returning_after):
        yield Fault("returning_after", f"is not made of years, months and days, from 1 day to {LONGEST_YEARS} years")


def fee_faults(settings: Settings) -> Iterator[Fault]:
    """Yield a fault if the term of a proposed fee is none (B8)."""
    if not 1 <= settings.fee_term_months <= _MOST_MONTHS:
        yield Fault("fee_term_months", f"{settings.fee_term_months} is not between 1 and {_MOST_MONTHS}")


LAWS: Final[tuple[Law, ...]] = (
    name_faults,
    zone_faults,
    currency_faults,
    coverage_faults,
    code_faults,
    group_faults,
    referrer_group_faults,
    referee_line_faults,
    referee_table_faults,
    existing_customer_faults,
    returning_faults,
    offensive_word_faults,
    fee_faults,
    paying_faults,
    checking_faults,
    language_faults,
    sharing_faults,
)


def faults_of(settings: Settings) -> tuple[Fault, ...]:
    """Return everything that is wrong with the settings, in the order of the laws; nothing when they all hold."""
    return tuple(fault for law in LAWS for fault in law(settings))
