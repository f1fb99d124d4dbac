"""The settings of the programme as a page, in words (P1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from operator import attrgetter
from typing import Any, Final

import attrs
from dateutil.relativedelta import relativedelta
from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.catalogue import Texts
from examples.portal.visit import Administrators
from referral_core import Programme
from referral_core.programme.settings import GroupLine, GroupSetting, SharingTemplate

router = APIRouter(prefix="/administration/settings")

PARTS: Final = {
    # P1, M1, M3, S11, D6, S6, S9
    "covers": (
        "name",
        "zone",
        "currency",
        "products",
        "segments",
        "channels",
        "blocking_channels",
        "excluded_channels",
    ),
    # C3, C4, C10, A4
    "codes": (
        "issuing_products",
        "issuing_segments",
        "keeping_products",
        "manual_end_blocks",
        "code_format",
        "offensive_words",
        "checking.per_caller",
        "checking.per_address",
        "checking.per_staff",
        "checking.per_staff_address",
        "checking.per_system",
        "checking.within",
    ),
    # S1, S2
    "newcomers": (
        "existing_customer_products",
        "existing_customer_by_product",
        "returning_after",
    ),
    # D2, D6
    "groups": (
        "groups",
        "referrer_group",
        "referrer_groups",
        "referee_groups",
    ),
    # B5, B10, B2, B8
    "paying": (
        "pay_ended_referrer",
        "annulment",
        "paying.attempts",
        "paying.first_pause",
        "paying.growth",
        "paying.longest_pause",
        "paying.answer_within",
        "fee_policy",
        "fee_term_months",
    ),
    # T1
    "sharing": (
        "languages",
        "sharing",
    ),
}
"""The settings by subject."""
COUNTED: Final = "offensive_words"
"""The setting of which only the length is shown."""


@attrs.frozen
class Setting:
    """A setting: its name in a programme file, and the lines of its value."""

    name: str
    lines: tuple[str, ...]


@router.get("")
def show(visit: Administrators) -> Response:
    """Show all settings."""
    programme, texts = visit.world.programme, visit.texts
    parts = {part: [*_settings(programme, names, texts)] for part, names in PARTS.items()}
    return visit.page("administration/settings.html", parts=parts)


def _settings(programme: Programme, names: tuple[str, ...], texts: Texts) -> Iterator[Setting]:
    for name in names:
        yield Setting(name, tuple(_lines(name, attrgetter(name)(programme), texts)))


def _lines(name: str, value: Any, texts: Texts) -> Iterator[str]:  # noqa: ANN401 - of whatever type a setting is
    match value:
        case tuple() if name == COUNTED:
            yield texts("administration.settings.words", count=len(value))
        case tuple() if all(isinstance(item, str) for item in value):
            yield ", ".join(value) or texts("administration.settings.none")
        case tuple():
            yield from (_one(name, item, texts) for item in value)
        case dict():
            if not value:
                yield texts("administration.settings.none")
            for key, item in value.items():
                yield f"{key}: {', '.join(item) if isinstance(item, tuple) else _one(name, item, texts)}"
        case _:
            yield _one(name, value, texts)


def _one(name: str, value: object, texts: Texts) -> str:
    """Return a single value, in words where there are any."""
    match value:
        case None:
            return texts(f"administration.settings.unset.{name}")
        case bool():
            return texts("administration.settings.yes" if value else "administration.settings.no")
        case timedelta() | relativedelta():
            return _length(value, texts)
        case _:
            return _record(value, texts)


def _record(value: object, texts: Texts) -> str:
    match value:
        case GroupSetting():
            return f"{value.id}: {texts(f'administration.side.{value.side}')}"
        case GroupLine():
            asked = " + ".join(word for word in value.criteria if word) or texts("administration.settings.else")
            return f"{asked} → {value.group}"
        case SharingTemplate():
            return f"{value.title}. {value.text} {value.link}"
        case _:
            return str(value)


def _length(length: timedelta | relativedelta, texts: Texts) -> str:
    """Return a length of time in its units, without zero units."""
    if isinstance(length, timedelta):
        hours, seconds = divmod(length.seconds, 3600)
        counts = {"day": length.days, "hour": hours, "minute": seconds // 60, "second": seconds % 60}
    else:
        counts = {"year": length.years, "month": length.months, "day": length.days}
    said = [texts(f"administration.settings.unit.{unit}", count=count) for unit, count in counts.items() if count]
    return " ".join(said) or texts("administration.settings.unit.second", count=0)
