"""The programme's settings as a page: what is set, in words, and which rule it serves (P1)."""

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
from referral_core.programme.settings import GroupSetting, RefereeGroupLine, SharingTemplate

router = APIRouter(prefix="/administration/settings")

PARTS: Final = {
    "covers": {
        "name": "P1",
        "zone": "M1",
        "currency": "M3",
        "products": "S11",
        "segments": "S11",
        "channels": "D6",
        "blocking_channels": "S6, S9",
    },
    "codes": {
        "issuing_products": "C3",
        "issuing_segments": "C3",
        "keeping_products": "C4",
        "code_format": "C10",
        "offensive_words": "C10",
        "checking.per_caller": "A4",
        "checking.per_address": "A4",
        "checking.within": "A4",
    },
    "newcomers": {"existing_customer_products": "S1", "returning_after": "S2"},
    "groups": {"groups": "D2", "referrer_group": "D2", "referee_groups": "D6"},
    "paying": {
        "pay_ended_referrer": "B5",
        "paying.attempts": "B2",
        "paying.first_pause": "B2",
        "paying.growth": "B2",
        "paying.longest_pause": "B2",
        "paying.answer_within": "B2",
        "fee_policy": "B8",
        "fee_term_months": "B8",
    },
    "sharing": {"languages": "T1", "sharing": "T1"},
}
"""The settings by what they are about, each with the rules that it serves."""
COUNTED: Final = "offensive_words"
"""The setting that nobody wants to read."""


@attrs.frozen
class Setting:
    """A setting: its name in a programme file, the lines of its value, and the rules it serves."""

    name: str
    lines: tuple[str, ...]
    rules: str


@router.get("")
def show(visit: Administrators) -> Response:
    """Show all settings."""
    programme, texts = visit.world.programme, visit.texts
    parts = {part: [*_settings(programme, names, texts)] for part, names in PARTS.items()}
    return visit.page("administration/settings.html", parts=parts)


def _settings(programme: Programme, names: dict[str, str], texts: Texts) -> Iterator[Setting]:
    for name, rules in names.items():
        yield Setting(name, tuple(_lines(name, attrgetter(name)(programme), texts)), rules)


def _lines(name: str, value: Any, texts: Texts) -> Iterator[str]:  # noqa: ANN401 - of whatever type a setting is
    match value:
        case tuple() if name == COUNTED:
            yield texts("administration.settings.words", count=len(value))
        case tuple() if all(isinstance(item, str) for item in value):
            yield ", ".join(value) or texts("administration.settings.none")
        case tuple():
            yield from (_one(name, item, texts) for item in value)
        case dict():
            yield from (f"{key}: {_one(name, item, texts)}" for key, item in value.items())
        case _:
            yield _one(name, value, texts)


def _one(name: str, value: object, texts: Texts) -> str:
    """Return a value that is no list, in words where there are any."""
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
        case RefereeGroupLine():
            asked = " + ".join(word for word in value.criteria if word) or texts("administration.settings.else")
            return f"{asked} → {value.group}"
        case SharingTemplate():
            return f"{value.title}. {value.text} {value.link}"
        case _:
            return str(value)


def _length(length: timedelta | relativedelta, texts: Texts) -> str:
    """Return a length of time in its units, those left out of which there is none."""
    if isinstance(length, timedelta):
        hours, seconds = divmod(length.seconds, 3600)
        counts = {"day": length.days, "hour": hours, "minute": seconds // 60, "second": seconds % 60}
    else:
        counts = {"year": length.years, "month": length.months, "day": length.days}
    said = [texts(f"administration.settings.unit.{unit}", count=count) for unit, count in counts.items() if count]
    return " ".join(said) or texts("administration.settings.unit.second", count=0)
