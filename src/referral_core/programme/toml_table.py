"""Tables of a programme file, read kind by kind; whatever is of the wrong kind is noted as a fault (P1)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, TypeVar, cast

import attrs
from dateutil.relativedelta import relativedelta

from referral_core.programme.duration import parse_duration, parse_pause
from referral_core.programme.fault import Fault, Unread

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
    """Say of what kind a value of a TOML file is."""
    return KINDS.get(type(value), "a day or a time")


@attrs.define
class TomlTable:
    """A table of a file that is being read, at its ``place`` in it; all tables of a file share their ``faults``.

    Each method reads one key. What is of the wrong kind leaves a fault, and something :class:`Unread` in its stead, or
    ``default`` where no law could mind. A key without a default must be there. :meth:`close` notes the keys that
    nobody has asked for.
    """

    content: Mapping[str, object]
    faults: list[Fault]
    place: str = ""
    _asked: list[str] = attrs.field(init=False, factory=list)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text."""
        if self._has(key):
            return self._word(key, self.content[key])
        if default is None:
            self._note(key, "is missing")
        return Unread(self._at(key)) if default is None else default

    def optional_text(self, key: str) -> str | None:
        """Return a text, or ``None`` when the key is missing."""
        return self.text(key) if self._has(key) else None

    def words(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Return a list of texts."""
        if not self._has(key):
            return default
        found = self._of_kind(list, key, self.content[key])
        if found is None:
            return (Unread(self._at(key)),)
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
        """Return one of the words of ``choices``; of none, something equal to none of them."""
        word = self.text(key, default)
        if word in list(choices):
            return choices(word)
        if not isinstance(word, Unread):
            self._note(key, f"{word!r} is not one of {', '.join(choices)}")
        return cast(E, Unread(self._at(key)))

    def duration(self, key: str) -> relativedelta | None:
        """Return a length of time, or ``None`` when the key is missing."""
        text = self.optional_text(key)
        if text is None or isinstance(text, Unread):
            return None
        try:
            return parse_duration(text)
        except ValueError as why:
            self._note(key, str(why))
            return None

    def pause(self, key: str, default: timedelta) -> timedelta:
        """Return a pause."""
        text = self.optional_text(key)
        if text is None or isinstance(text, Unread):
            return default
        try:
            return parse_pause(text)
        except ValueError as why:
            self._note(key, str(why))
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
        """Note every key that nobody has asked for."""
        from difflib import get_close_matches  # noqa: PLC0415 - so that importing the core stays quick

        for key in self.content:
            if key not in self._asked:
                near = get_close_matches(key, self._asked, n=1)
                self._note(key, f"is no setting here; perhaps {near[0]} is meant" if near else "is no setting here")

    def _has(self, key: str) -> bool:
        self._asked.append(key)
        return key in self.content

    def _at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def _note(self, key: str, wrong: str) -> None:
        self.faults.append(Fault(self._at(key), wrong))

    def _of_kind(self, kind: type[K], key: str, value: object) -> K | None:
        if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return value
        self._note(key, f"is {kind_of(value)}, not {KINDS[kind]}")
        return None

    def _word(self, key: str, value: object) -> str:
        found = self._of_kind(str, key, value)
        return Unread(self._at(key)) if found is None else found

    def _table(self, key: str, value: object) -> TomlTable:
        found = self._of_kind(dict, key, value)
        return self._unread(key) if found is None else TomlTable(found, self.faults, self._at(key))

    def _unread(self, key: str) -> TomlTable:
        """Return a table in which everything is :class:`Unread`; what it lacks is no fault of its own."""
        return TomlTable({}, [], self._at(key))
