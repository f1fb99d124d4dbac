"""Programme files: the settings written in TOML, each under its own name (P1)."""

from __future__ import annotations

import enum
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, TypeVar, cast

import attrs
from dateutil.relativedelta import relativedelta

from referral_core.entities.discount_group import Side
from referral_core.programme.duration import parse_duration, parse_pause
from referral_core.programme.files import FilePath, content_of
from referral_core.programme.programme import Programme
from referral_core.programme.settings import (
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
from referral_core.programme.validation import SettingFault, UnreadText, faults_of
from referral_core.values.errors import ProgrammeInvalid

_SYNTAX: Final = re.compile(r"(?P<wrong>.*) \(at (?P<place>line [0-9]+, column [0-9]+|end of document)\)", re.DOTALL)


def programme_from_toml(text: str) -> Programme:
    """Return the programme written in ``text``; omitted settings are those of the household programme.

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
        return tomllib.loads(text.removeprefix("\ufeff"))  # the byte-order mark that some editors write
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
        within=table.pause("within", usual.within),
    )
    table.close()
    return checking


def _sharing(table: TomlTable, languages: tuple[str, ...]) -> dict[str, SharingTemplate]:
    sharing = table.table("sharing")
    return household_sharing(languages) if sharing is None else SharingTemplate.read_all(sharing)


K = TypeVar("K")
E = TypeVar("E", bound=enum.StrEnum)

KINDS: Final[Mapping[type, str]] = {
    str: "a text in quotation marks",
    bool: "true or false",
    int: "a whole number",
    float: "a number with a point",
    list: "a list",
    dict: "a table",
}


def kind_of(value: object) -> str:
    """Return the name of a TOML value's kind."""
    return KINDS.get(type(value), "a day or a time")


@attrs.define
class TomlTable:
    """A table of a programme file at its ``place`` in the file; all tables of a file share their ``faults``.

    Each method reads one key. A value of the wrong kind records a fault and yields an :class:`UnreadText`, or the
    ``default`` where validation accepts it. A key without a default is required. :meth:`close` records the keys that
    were not read.
    """

    content: Mapping[str, object]
    faults: list[SettingFault]
    place: str = ""
    _asked: list[str] = attrs.field(init=False, factory=list)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text."""
        if self._has(key):
            return self._word(key, self.content[key])
        if default is None:
            self.note(key, "is missing")
        return UnreadText(self._at(key)) if default is None else default

    def optional_text(self, key: str) -> str | None:
        """Return a text, or ``None`` when the key is missing."""
        return self.text(key) if self._has(key) else None

    def words(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Return a list of texts."""
        if not self._has(key):
            return default
        found = self._of_kind(list, key, self.content[key])
        if found is None:
            return (UnreadText(self._at(key)),)
        return tuple(self._word(f"{key}[{number}]", word) for number, word in enumerate(found))

    def optional_words(self, key: str) -> tuple[str, ...] | None:
        """Return a list of texts, or ``None`` when the key is missing."""
        return self.words(key, ()) if self._has(key) else None

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        found = self._of_kind(bool, key, self.content[key]) if self._has(key) else None
        return default if found is None else found

    def whole(self, key: str, default: int) -> int:
        """Return a whole number."""
        found = self._of_kind(int, key, self.content[key]) if self._has(key) else None
        return default if found is None else found

    def choice(self, key: str, choices: type[E], default: E | None = None) -> E:
        """Return one of the words of ``choices``, or a placeholder that is equal to none of them."""
        word = self.text(key, default)
        if word in list(choices):
            return choices(word)
        if not isinstance(word, UnreadText):
            self.note(key, f"{word!r} is not one of {', '.join(choices)}")
        return cast(E, UnreadText(self._at(key)))

    def duration(self, key: str) -> relativedelta | None:
        """Return a length of time, or ``None`` when the key is missing."""
        text = self.optional_text(key)
        if text is None or isinstance(text, UnreadText):
            return None
        try:
            return parse_duration(text)
        except ValueError as why:
            self.note(key, str(why))
            return None

    def pause(self, key: str, default: timedelta) -> timedelta:
        """Return a pause."""
        text = self.optional_text(key)
        if text is None or isinstance(text, UnreadText):
            return default
        try:
            return parse_pause(text)
        except ValueError as why:
            self.note(key, str(why))
            return default

    def table(self, key: str) -> TomlTable | None:
        """Return the table headed ``[key]``, or ``None`` when it is missing."""
        return self._table(key, self.content[key]) if self._has(key) else None

    def tables(self, key: str) -> tuple[TomlTable, ...] | None:
        """Return the tables headed ``[[key]]``, or ``None`` when there are none."""
        if not self._has(key):
            return None
        found = self._of_kind(list, key, self.content[key])
        if found is None:
            return (self._unread(key),)
        return tuple(self._table(f"{key}[{number}]", table) for number, table in enumerate(found))

    def close(self) -> None:
        """Record a fault for every key that was not read."""
        from difflib import get_close_matches  # noqa: PLC0415 - so that importing the core stays quick

        for key in self.content:
            if key not in self._asked:
                near = get_close_matches(key, self._asked, n=1)
                self.note(key, f"is no setting here; perhaps {near[0]} is meant" if near else "is no setting here")

    def _has(self, key: str) -> bool:
        self._asked.append(key)
        return key in self.content

    def _at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def note(self, key: str, wrong: str) -> None:
        """Record a fault of a key."""
        self.faults.append(SettingFault(self._at(key), wrong))

    def _of_kind(self, kind: type[K], key: str, value: object) -> K | None:
        if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return value
        self.note(key, f"is {kind_of(value)}, not {KINDS[kind]}")
        return None

    def _word(self, key: str, value: object) -> str:
        found = self._of_kind(str, key, value)
        return UnreadText(self._at(key)) if found is None else found

    def _table(self, key: str, value: object) -> TomlTable:
        found = self._of_kind(dict, key, value)
        return self._unread(key) if found is None else TomlTable(found, self.faults, self._at(key))

    def _unread(self, key: str) -> TomlTable:
        """Return an empty table whose texts are :class:`UnreadText`; its own faults are dropped."""
        return TomlTable({}, [], self._at(key))
