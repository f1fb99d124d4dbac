"""Programme files: the settings written in TOML, each under its own name (P1)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Final

from referral_core.entities.discount_group import Side
from referral_core.programme.checking import Checking
from referral_core.programme.code_format import CodeFormat
from referral_core.programme.fault import Fault
from referral_core.programme.fee_policy import FeePolicy
from referral_core.programme.files import FilePath, content_of
from referral_core.programme.group_setting import GroupSetting
from referral_core.programme.household import household_sharing, household_words
from referral_core.programme.laws import faults_of
from referral_core.programme.paying import Paying
from referral_core.programme.programme import Programme
from referral_core.programme.referee_group_line import RefereeGroupLine
from referral_core.programme.settings import Settings
from referral_core.programme.sharing_template import SharingTemplate
from referral_core.programme.toml_table import TomlTable
from referral_core.values.errors import ProgrammeInvalid

_SYNTAX: Final = re.compile(r"(?P<wrong>.*) \(at (?P<place>line [0-9]+, column [0-9]+|end of document)\)", re.DOTALL)


def programme_from_toml(text: str) -> Programme:
    """Return the programme written in ``text``; a setting that is left out is as in the household programme.

    :raises ProgrammeInvalid: with every fault of the file and its place: settings that do not exist, values of the
        wrong kind, and laws that are not kept; or with the one fault of a text that is no TOML.
    """
    faults: list[Fault] = []
    settings = _settings(TomlTable(_parsed(text), faults))
    unread = [fault.place for fault in faults]
    faults += [fault for fault in faults_of(settings) if not any(fault.is_within(place) for place in unread)]
    if faults:
        raise ProgrammeInvalid(map(str, faults))
    return Programme.of(settings)


def read_programme(path: FilePath) -> Programme:
    """Return the programme in the file at ``path``, which is TOML in UTF-8.

    :raises ProgrammeInvalid: as :func:`programme_from_toml`, or the file is not UTF-8.
    :raises OSError: the file cannot be opened.
    """
    try:
        text = content_of(path)
    except UnicodeDecodeError as why:
        raise ProgrammeInvalid([f"byte {why.start}: is not UTF-8"]) from None
    return programme_from_toml(text)


def _parsed(text: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
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
        issuing_products=table.words("issuing_products", usual.issuing_products),
        issuing_segments=table.words("issuing_segments", usual.issuing_segments),
        keeping_products=table.words("keeping_products", usual.keeping_products),
        groups=_groups(table, usual.groups),
        referrer_group=table.text("referrer_group", usual.referrer_group),
        referee_groups=_referee_groups(table, usual.referee_groups),
        existing_customer_products=table.optional_words("existing_customer_products"),
        returning_after=table.duration("returning_after"),
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


def _referee_groups(table: TomlTable, usual: tuple[RefereeGroupLine, ...]) -> tuple[RefereeGroupLine, ...]:
    tables = table.tables("referee_groups")
    return usual if tables is None else tuple(map(_line, tables))


def _line(table: TomlTable) -> RefereeGroupLine:
    line = RefereeGroupLine(
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
        within=table.pause("within", usual.within),
    )
    table.close()
    return checking


def _sharing(table: TomlTable, languages: tuple[str, ...]) -> dict[str, SharingTemplate]:
    sharing = table.table("sharing")
    return household_sharing(languages) if sharing is None else SharingTemplate.read_all(sharing)
