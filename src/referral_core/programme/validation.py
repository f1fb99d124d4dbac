"""The validation of a programme: every fault of its settings, with its place, all of them at once (P1)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final

from dateutil import tz

from referral_core.entities.discount_group import Side
from referral_core.programme.duration import LONGEST_YEARS, is_length, written_pause
from referral_core.programme.files import shipped_languages
from referral_core.programme.settings import PLACEHOLDER, GroupLine, Settings, SharingTemplate
from referral_core.programme.toml_table import SettingFault, UnreadText
from referral_core.values.channel import is_within
from referral_core.values.moment import zone_named
from referral_core.values.name import LONGEST_NAME, compared_name, is_visible

Validator = Callable[[Settings], Iterator[SettingFault]]
"""A function that yields the faults of some settings."""


def faults_of(settings: Settings) -> tuple[SettingFault, ...]:
    """Return every fault of the settings, in the order of the validators; nothing when there is none."""
    return tuple(fault for validator in VALIDATORS for fault in validator(settings))


_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_MOST_MONTHS: Final = 12 * LONGEST_YEARS
_OFFENSIVE: Final = re.compile(r"[A-Z0-9]{2,20}")
_HTTPS: Final = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]+)?([/?#][^\s{}]*)?")
_MOST_CHECKS: Final = 1_000_000
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
_MOST_ATTEMPTS: Final = 100
_MOST_GROWTH: Final = 10
_HOUR: Final = timedelta(hours=1)
_YEAR: Final = timedelta(days=365)


def zone_faults(settings: Settings) -> Iterator[SettingFault]:
    """Yield a fault if the zone is not one of the IANA database (M1)."""
    try:
        # dateutil also accepts POSIX rules such as `EST5EDT4`, which are no names of the database.
        known = _ZONE.fullmatch(settings.zone) and not isinstance(zone_named(settings.zone), tz.tzstr)
    except LookupError:
        known = False
    if not known:
        yield SettingFault("zone", f"there is no time zone {settings.zone!r}")


def currency_faults(settings: Settings) -> Iterator[SettingFault]:
    """Yield a fault if the currency is not written as in ISO 4217 (M3)."""
    if not _CURRENCY.fullmatch(settings.currency):
        yield SettingFault("currency", f"{settings.currency!r} is not three capital letters")


def returning_faults(settings: Settings) -> Iterator[SettingFault]:
    """Yield a fault if the length of absence is no valid length of time (S2)."""
    if settings.returning_after is not None and not is_length(settings.returning_after):
        yield SettingFault(
            "returning_after", f"is not made of years, months and days, from 1 day to {LONGEST_YEARS} years"
        )


def fee_faults(settings: Settings) -> Iterator[SettingFault]:
    """Yield a fault if the term of a proposed fee is out of bounds (B8)."""
    if not 1 <= settings.fee_term_months <= _MOST_MONTHS:
        yield SettingFault("fee_term_months", f"{settings.fee_term_months} is not between 1 and {_MOST_MONTHS}")


def name_faults(settings: Settings) -> Iterator[SettingFault]:
    """Yield the faults of the programme's name."""
    yield from text_faults("name", settings.name)


def coverage_faults(settings: Settings) -> Iterator[SettingFault]:
    """Yield the faults of products, segments and channels (S11, S6)."""
    yield from list_faults("products", settings.products)
    yield from list_faults("segments", settings.segments)
    yield from list_faults("channels", settings.channels)
    for place, named in (
        ("blocking_channels", settings.blocking_channels),
        ("excluded_channels", settings.excluded_channels),
    ):
        yield from list_faults(place, named, may_be_empty=True)
        for number, channel in enumerate(named):
            yield from unknown_channel_fault(f"{place}[{number}]", channel, settings)


def code_faults(settings: Settings) -> Iterator[SettingFault]:
    """Yield the faults of the settings that issue and keep codes (C3, C4).

    A product that issues a code also keeps it. Other keeping products may lie outside the programme, as gas (S11).
    """
    yield from list_faults("issuing_products", settings.issuing_products)
    yield from list_faults("issuing_segments", settings.issuing_segments)
    yield from list_faults("keeping_products", settings.keeping_products)
    yield from unknown_word_faults("issuing_products", settings.issuing_products, "products", settings.products)
    yield from unknown_word_faults("issuing_segments", settings.issuing_segments, "segments", settings.segments)
    for number, product in enumerate(settings.issuing_products):
        if product in settings.products:
            place = f"issuing_products[{number}]"
            yield from unknown_word_fault(place, product, "keeping_products", settings.keeping_products)


def existing_customer_faults(settings: Settings) -> Iterator[SettingFault]:
    """Yield the faults of the existing customers' products, which may lie outside the programme (S1, S12).

    The new contract's product lies within it: another is not eligible anyway.
    """
    if settings.existing_customer_products is not None:
        yield from list_faults("existing_customer_products", settings.existing_customer_products)
    for product, counted in settings.existing_customer_by_product.items():
        place = f"existing_customer_by_product.{product}"
        yield from unknown_word_fault(place, product, "products", settings.products)
        yield from list_faults(place, counted)


def offensive_word_faults(settings: Settings) -> Iterator[SettingFault]:
    """Yield a fault for every word that no code could contain, and that would exclude nothing (C10)."""
    yield from list_faults("offensive_words", settings.offensive_words, may_be_empty=True)
    for place, word in enumerate(settings.offensive_words):
        if word.strip() and not _OFFENSIVE.fullmatch(word):
            yield SettingFault(f"offensive_words[{place}]", f"{word!r} is not 2 to 20 capital letters A-Z and digits")


def text_faults(place: str, text: str) -> Iterator[SettingFault]:
    """Yield the faults of a text that people see or that other settings name."""
    if not text.strip():
        yield SettingFault(place, "is blank")
    elif text != text.strip() or not text.isprintable():
        yield SettingFault(place, f"{text!r} has blanks around it, or signs that cannot be seen")
    elif not is_visible(text):
        yield SettingFault(place, f"{text!r} has nothing in it that can be seen")


def word_faults(place: str, word: str) -> Iterator[SettingFault]:
    """Yield the faults of a word that acts name too: it is text as for people, and in the form of ids (D2)."""
    faults = list(text_faults(place, word))
    yield from faults
    if not faults and len(word) > LONGEST_NAME:
        yield SettingFault(place, f"is longer than {LONGEST_NAME} characters")
    elif not faults and not unicodedata.is_normalized("NFC", word):
        yield SettingFault(place, f"{word!r} is not in the Unicode form NFC, as the names that it is compared with")


def list_faults(place: str, words: Sequence[str], *, may_be_empty: bool = False) -> Iterator[SettingFault]:
    """Yield the faults of a list of words."""
    if not isinstance(words, tuple):
        yield SettingFault(place, f"{words!r} is not a tuple of words")
        return
    if not words and not may_be_empty:
        yield SettingFault(place, "is empty")
    for number, word in enumerate(words):
        yield from word_faults(f"{place}[{number}]", word)
        if word in words[:number]:
            yield SettingFault(f"{place}[{number}]", f"{word!r} is there twice")


def unknown_word_faults(place: str, words: Sequence[str], setting: str, known: Sequence[str]) -> Iterator[SettingFault]:
    """Yield a fault for every word of a list that is missing from another setting."""
    for number, word in enumerate(words):
        yield from unknown_word_fault(f"{place}[{number}]", word, setting, known)


def unknown_word_fault(place: str, word: str | None, setting: str, known: Sequence[str]) -> Iterator[SettingFault]:
    """Yield a fault if ``word`` is not among ``known``; an unread text may be any word."""
    if word is not None and word not in known and not any(isinstance(text, UnreadText) for text in (word, *known)):
        yield SettingFault(place, f"{word!r} is not one of {setting}")


def unknown_channel_fault(place: str, channel: str | None, settings: Settings) -> Iterator[SettingFault]:
    """Yield a fault unless the channel is listed, or a member of a listed family, or the family of a listed member."""
    if channel is not None and not any(
        is_within(channel, each) or is_within(each, channel) for each in settings.channels
    ):
        yield from unknown_word_fault(place, channel, "channels", settings.channels)


def group_faults(settings: Settings) -> Iterator[SettingFault]:
    """Yield the faults of the groups that a store starts with; ids are unique, and so are names (D2)."""
    if not settings.groups:
        yield SettingFault("groups", "is empty")
    ids = [group.id for group in settings.groups]
    yield from _unique_faults("id", ids, ids)
    names = [group.name for group in settings.groups]
    yield from _unique_faults("name", names, [compared_name(text) for text in names])


def group_line_faults(settings: Settings) -> Iterator[SettingFault]:
    """Yield the faults of both sides' tables of groups (D6)."""
    if settings.referrer_groups is None:
        yield from _side_faults("referrer_group", settings.referrer_group, Side.REFERRER, settings)
    else:
        yield from _table_faults("referrer_groups", settings.referrer_groups, Side.REFERRER, settings)
    yield from _table_faults("referee_groups", settings.referee_groups, Side.REFEREE, settings)


def _table_faults(table: str, lines: Sequence[GroupLine], side: Side, settings: Settings) -> Iterator[SettingFault]:
    """Yield the faults of a side's single lines, then those of its whole table."""
    for number, line in enumerate(lines):
        place = f"{table}[{number}]"
        yield from _side_faults(f"{place}.group", line.group, side, settings)
        yield from unknown_channel_fault(f"{place}.channel", line.channel, settings)
        yield from unknown_word_fault(f"{place}.segment", line.segment, "segments", settings.segments)
        yield from unknown_word_fault(f"{place}.product", line.product, "products", settings.products)
    yield from _order_faults(table, lines)


def _order_faults(table: str, lines: Sequence[GroupLine]) -> Iterator[SettingFault]:
    """Yield a fault for sign-ups without a group, and for every line that an earlier one hides (D6)."""
    if not lines:
        yield SettingFault(table, "is empty")
    elif not _may_match_everything(lines[-1]):
        yield SettingFault(f"{table}[{len(lines) - 1}]", "is the last line and must match everything")
    for number, line in enumerate(lines):
        wider = [place for place, earlier in enumerate(lines[:number]) if earlier.is_as_wide_as(line)]
        if wider:
            yield SettingFault(f"{table}[{number}]", f"can never match: {table}[{wider[0]}] comes first")


def _may_match_everything(line: GroupLine) -> bool:
    return all(wanted is None or isinstance(wanted, UnreadText) for wanted in line.criteria)


def _unique_faults(key: str, texts: Sequence[str], compared: Sequence[str]) -> Iterator[SettingFault]:
    for number, text in enumerate(texts):
        place = f"groups[{number}].{key}"
        yield from word_faults(place, text)
        if compared[number] in compared[:number]:
            yield SettingFault(place, f"{text!r} is there twice")


def _side_faults(place: str, group: str, side: Side, settings: Settings) -> Iterator[SettingFault]:
    yield from unknown_word_fault(place, group, "groups", [known.id for known in settings.groups])
    sides = [known.side for known in settings.groups if known.id == group]
    other = Side.REFEREE if side is Side.REFERRER else Side.REFERRER
    if sides and sides[0] is other:
        yield SettingFault(place, f"{group!r} is a group of the {other}, not of the {side}")


def language_faults(settings: Settings) -> Iterator[SettingFault]:
    """Yield the faults of the languages; each needs a file of messages."""
    yield from list_faults("languages", settings.languages)
    for number, language in enumerate(settings.languages):
        if language.strip() and language not in shipped_languages():
            yield SettingFault(f"languages[{number}]", f"there are no messages in {language!r}")


def sharing_faults(settings: Settings) -> Iterator[SettingFault]:
    """Yield the faults of the templates; every language has one (T1)."""
    for language in settings.languages:
        if language not in settings.sharing and not isinstance(language, UnreadText):
            yield SettingFault(f"sharing.{language}", "is missing")
    for language, template in settings.sharing.items():
        yield from unknown_word_fault(f"sharing.{language}", language, "languages", settings.languages)
        yield from _template_faults(f"sharing.{language}", template)


def _template_faults(place: str, template: SharingTemplate) -> Iterator[SettingFault]:
    yield from _filling_faults(f"{place}.title", template.title, must_hold_code=False)
    yield from _filling_faults(f"{place}.text", template.text, must_hold_code=True)
    yield from _filling_faults(f"{place}.link", template.link, must_hold_code=True)
    if not _HTTPS.fullmatch(template.link.replace(PLACEHOLDER, "")):
        yield SettingFault(f"{place}.link", f"{template.link!r} is not a link that begins with https://")


def _filling_faults(place: str, text: str, *, must_hold_code: bool) -> Iterator[SettingFault]:
    yield from text_faults(place, text)
    if must_hold_code and PLACEHOLDER not in text:
        yield SettingFault(place, f"does not hold {PLACEHOLDER}")
    if re.search(r"[{}]", text.replace(PLACEHOLDER, "")):
        yield SettingFault(place, f"holds braces other than {PLACEHOLDER}")


def checking_faults(settings: Settings) -> Iterator[SettingFault]:
    """Yield the faults of the limits on checks (A4)."""
    checking = settings.checking
    for name in ("per_caller", "per_address", "per_staff", "per_staff_address", "per_system"):
        yield from number_faults(f"checking.{name}", getattr(checking, name), _MOST_CHECKS)
    yield from pause_faults("checking.within", checking.within, _SECOND, _DAY)


def paying_faults(settings: Settings) -> Iterator[SettingFault]:
    """Yield the faults of attempts, pauses and the time for billing's answer (B2)."""
    paying = settings.paying
    yield from number_faults("paying.attempts", paying.attempts, _MOST_ATTEMPTS)
    yield from number_faults("paying.growth", paying.growth, _MOST_GROWTH)
    yield from pause_faults("paying.first_pause", paying.first_pause, _SECOND, _YEAR)
    yield from pause_faults("paying.longest_pause", paying.longest_pause, _SECOND, _YEAR)
    yield from pause_faults("paying.answer_within", paying.answer_within, _SECOND, _HOUR)
    if _SECOND <= paying.longest_pause < paying.first_pause <= _YEAR:
        yield SettingFault("paying.longest_pause", "is shorter than first_pause")


def number_faults(place: str, number: int, most: int) -> Iterator[SettingFault]:
    """Yield a fault unless the number is between 1 and ``most``."""
    if not 1 <= number <= most:
        yield SettingFault(place, f"{number} is not between 1 and {most}")


def pause_faults(place: str, pause: timedelta, least: timedelta, most: timedelta) -> Iterator[SettingFault]:
    """Yield a fault unless the pause is between ``least`` and ``most``."""
    if not least <= pause <= most:
        yield SettingFault(place, f"is not between {written_pause(least)} and {written_pause(most)}")


VALIDATORS: Final[tuple[Validator, ...]] = (
    name_faults,
    zone_faults,
    currency_faults,
    coverage_faults,
    code_faults,
    group_faults,
    group_line_faults,
    existing_customer_faults,
    returning_faults,
    offensive_word_faults,
    fee_faults,
    paying_faults,
    checking_faults,
    language_faults,
    sharing_faults,
)
"""Every validator, in the order in which faults are reported."""
