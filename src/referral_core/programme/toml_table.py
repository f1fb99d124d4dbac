"""A table of a programme file: its values, each read in the kind that is due, and every fault with its place (P1)."""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, TypeVar, cast

import attrs
from dateutil.relativedelta import relativedelta

from referral_core.programme.duration import parse_duration, parse_pause

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


@attrs.frozen
class SettingFault:
    """A fault of a setting; ``place`` is written as in ``referee_groups[2].group``, with lists counted from 0."""

    place: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.place}: {self.wrong}"

    def is_within(self, place: str) -> bool:
        """Tell whether the fault is at ``place`` or below it."""
        return self.place == place or self.place.startswith((f"{place}.", f"{place}["))


class UnreadText(str):
    """The placeholder of a text that could not be read, so that everything beside it is validated all the same.

    Its text is its place, so no two are equal. Validators accept it wherever a word is due.
    """

    __slots__ = ()


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
        # Composed here too, as escapes are read by now: words of acts are compared with those of the file (D2).
        return UnreadText(self._at(key)) if found is None else unicodedata.normalize("NFC", found)

    def _table(self, key: str, value: object) -> TomlTable:
        found = self._of_kind(dict, key, value)
        return self._unread(key) if found is None else TomlTable(found, self.faults, self._at(key))

    def _unread(self, key: str) -> TomlTable:
        """Return an empty table whose texts are :class:`UnreadText`; its own faults are dropped."""
        return TomlTable({}, [], self._at(key))
