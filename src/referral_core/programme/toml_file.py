"""Programme files: the settings written in TOML, each under its own name (P1)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from typing import Final

from referral_core.entities.discount_group import Side
from referral_core.programme.files import FilePath, content_of
from referral_core.programme.settings import (
    Annulment,
    Checking,
    CodeFormat,
    FeePolicy,
    GroupLine,
    GroupSetting,
    ManualEndBlocks,
    Paying,
    Settings,
    SharingTemplate,
    household_sharing,
    household_words,
)
from referral_core.programme.toml_table import SettingFault, TomlTable
from referral_core.programme.validation import faults_of
from referral_core.values.errors import ProgrammeInvalid

_SYNTAX: Final = re.compile(r"(?P<wrong>.*) \(at (?P<place>line [0-9]+, column [0-9]+|end of document)\)", re.DOTALL)


def settings_from_toml(text: str) -> Settings:
    """Return the settings written in ``text``; omitted ones are those of the household programme.

    :raises ProgrammeInvalid: with every fault of the file and its place: unknown settings, values of the wrong kind,
        and faults of validation; or with the one fault of a text that is no TOML.
    """
    faults: list[SettingFault] = []
    settings = _settings(TomlTable(_parsed(text), faults))
    # A value that could not be read is no second fault of validation.
    unread = [fault.place for fault in faults]
    faults += [fault for fault in faults_of(settings) if not any(fault.is_within(place) for place in unread)]
    if faults:
        raise ProgrammeInvalid(map(str, faults))
    return settings


def read_settings(path: FilePath) -> Settings:
    """Return the settings in the file at ``path``, which is TOML in UTF-8.

    :raises ProgrammeInvalid: as :func:`settings_from_toml`, or the file is not UTF-8.
    :raises OSError: the file cannot be opened.
    """
    try:
        text = content_of(path)
    except UnicodeDecodeError as why:
        raise ProgrammeInvalid([f"byte {why.start}: is not UTF-8"]) from None
    return settings_from_toml(text)


def _parsed(text: str) -> Mapping[str, object]:
    try:
        # Composed with its keys, so that a key written twice in two ways is found; and without the byte-order mark that
        # some editors write.
        return tomllib.loads(unicodedata.normalize("NFC", text.removeprefix("\ufeff")))
    except (ValueError, RecursionError) as why:
        match = _SYNTAX.fullmatch(str(why))
        wrong, place = (match["wrong"], match["place"]) if match else (str(why), "file")
        last = f"line {len(text.splitlines())}"
        raise ProgrammeInvalid([f"{place.replace('end of document', last)}: {wrong}"]) from None


def _settings(table: TomlTable) -> Settings:
    usual = Settings()
    languages = table.words("languages", usual.languages)
    settings = Settings(
        name=table.text("name", usual.name),
        zone=table.text("zone", usual.zone),
        currency=table.text("currency", usual.currency),
        products=table.words("products", usual.products),
        segments=table.words("segments", usual.segments),
        channels=table.words("channels", usual.channels),
        blocking_channels=table.words("blocking_channels", usual.blocking_channels),
        excluded_channels=table.words("excluded_channels", usual.excluded_channels),
        issuing_products=table.words("issuing_products", usual.issuing_products),
        issuing_segments=table.words("issuing_segments", usual.issuing_segments),
        keeping_products=table.words("keeping_products", usual.keeping_products),
        groups=_groups(table, usual.groups),
        referrer_group=table.text("referrer_group", usual.referrer_group),
        referrer_groups=_referrer_groups(table),
        referee_groups=usual.referee_groups if (referee := _lines(table, "referee_groups")) is None else referee,
        existing_customer_products=table.optional_words("existing_customer_products"),
        existing_customer_by_product=_by_product(table.table("existing_customer_by_product")),
        returning_after=table.duration("returning_after"),
        manual_end_blocks=table.choice("manual_end_blocks", ManualEndBlocks, usual.manual_end_blocks),
        annulment=table.choice("annulment", Annulment, usual.annulment),
        pay_ended_referrer=table.flag("pay_ended_referrer", usual.pay_ended_referrer),
        checking=_checking(table.table("checking"), usual.checking),
        code_format=table.choice("code_format", CodeFormat, usual.code_format),
        offensive_words=table.words("offensive_words", household_words()),
        fee_policy=table.choice("fee_policy", FeePolicy, usual.fee_policy),
        fee_term_months=table.whole("fee_term_months", usual.fee_term_months),
        paying=_paying(table.table("paying"), usual.paying),
        languages=languages,
        sharing=_sharing(table, languages),
    )
    table.close()
    return settings


def _groups(table: TomlTable, usual: tuple[GroupSetting, ...]) -> tuple[GroupSetting, ...]:
    tables = table.tables("groups")
    return usual if tables is None else tuple(map(_group, tables))


def _group(table: TomlTable) -> GroupSetting:
    identity = table.text("id")
    group = GroupSetting(identity, table.choice("side", Side), table.text("name", identity))
    table.close()
    return group


def _referrer_groups(table: TomlTable) -> tuple[GroupLine, ...] | None:
    """Return the table of referrer groups; beside its short form nobody could tell which of the two is meant."""
    lines = _lines(table, "referrer_groups")
    if lines is not None and "referrer_group" in table.content:
        table.note("referrer_group", "is the short form of referrer_groups, which is here too: keep one of them")
    return lines


def _lines(table: TomlTable, key: str) -> tuple[GroupLine, ...] | None:
    tables = table.tables(key)
    return None if tables is None else tuple(map(_line, tables))


def _by_product(table: TomlTable | None) -> dict[str, tuple[str, ...]]:
    return {} if table is None else {product: table.words(product, ()) for product in table.content}


def _line(table: TomlTable) -> GroupLine:
    line = GroupLine(
        group=table.text("group"),
        channel=table.optional_text("channel"),
        segment=table.optional_text("segment"),
        product=table.optional_text("product"),
    )
    table.close()
    return line


def _paying(table: TomlTable | None, usual: Paying) -> Paying:
    if table is None:
        return usual
    paying = Paying(
        attempts=table.whole("attempts", usual.attempts),
        first_pause=table.pause("first_pause", usual.first_pause),
        growth=table.whole("growth", usual.growth),
        longest_pause=table.pause("longest_pause", usual.longest_pause),
        answer_within=table.pause("answer_within", usual.answer_within),
    )
    table.close()
    return paying


def _checking(table: TomlTable | None, usual: Checking) -> Checking:
    if table is None:
        return usual
    checking = Checking(
        per_caller=table.whole("per_caller", usual.per_caller),
        per_address=table.whole("per_address", usual.per_address),
        per_staff=table.whole("per_staff", usual.per_staff),
        per_staff_address=table.whole("per_staff_address", usual.per_staff_address),
        per_system=table.whole("per_system", usual.per_system),
        within=table.pause("within", usual.within),
    )
    table.close()
    return checking


def _sharing(table: TomlTable, languages: tuple[str, ...]) -> dict[str, SharingTemplate]:
    sharing = table.table("sharing")
    return household_sharing(languages) if sharing is None else SharingTemplate.read_all(sharing)
