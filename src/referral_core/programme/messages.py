"""The messages for people, in their language: the exact reason for staff, one neutral sentence for customers (S6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Final

import attrs

from referral_core.entities.promo_code import CodeStatus
from referral_core.entities.referral import ReferralStatus
from referral_core.entities.wait import Wait
from referral_core.programme.files import shipped, shipped_languages
from referral_core.programme.toml_table import SettingFault, TomlTable
from referral_core.values.errors import ProgrammeInvalid, Reason

_START_ON: Final = "start-on"
"""The key of the sentence on a start that has a day."""


@attrs.frozen(kw_only=True)
class Messages:
    """The messages of one language: a sentence for every reason and every wait, and words for every status.

    Each language is one file in the folder ``languages`` beside this module; a new file adds a language.
    """

    language: str
    neutral: str
    _not_applied: str
    _staff: Mapping[str, str]
    _status: Mapping[str, str]
    _waits_for: Mapping[str, str]

    @classmethod
    @cache
    def for_language(cls, language: str) -> Messages:
        """Return the messages in a language such as ``et``; its file is read once.

        :raises LookupError: there are no messages in the language.
        """
        if language not in shipped_languages():
            known = ", ".join(sorted(shipped_languages()))
            raise LookupError(f"there are no messages in {language!r}, only in {known}")
        return cls.of(shipped(f"languages/{language}.toml"), language)

    @classmethod
    def of(cls, content: Mapping[str, object], language: str) -> Messages:
        """Return the messages in the content of a language's file.

        :raises ProgrammeInvalid: naming every message that is missing or no text, and every unknown one.
        """
        faults: list[SettingFault] = []
        table = TomlTable(content, faults, language)
        messages = cls(
            language=language,
            neutral=table.text("neutral"),
            not_applied=table.text("not_applied"),
            staff=_texts(table, "staff", Reason),
            status=_texts(table, "status", [*CodeStatus, *ReferralStatus]),
            waits_for=_texts(table, "waits_for", [*Wait, _START_ON]),
        )
        table.close()
        if faults:
            raise ProgrammeInvalid(map(str, faults))
        return messages

    def staff(self, reason: Reason) -> str:
        """Return the exact sentence for staff (S6, S9)."""
        return self._staff[reason]

    def not_applied(self, groups: Iterable[str]) -> str:
        """Return the sentence for staff on groups that the programme names and the store does not have (P5)."""
        return f"{self._not_applied}: {', '.join(groups)}."

    def customer(self, reasons: Collection[Reason]) -> str:
        """Return the neutral sentence for customers, the same for all reasons (S6).

        :raises ValueError: there is no reason, so that the code can be used.
        """
        if not reasons:
            raise ValueError("a code without a reason against it can be used")
        return self.neutral

    def status(self, status: CodeStatus | ReferralStatus) -> str:
        """Return the words for the status of a code or a referral (C11, T2)."""
        return self._status[status]

    def waits_for(self, wait: Wait, day: str | None = None) -> str:
        """Return the sentence for both sides of a referral on where their discount is (T4).

        ``day`` is the planned start of the contract, where that is waited for and known, as people write it.
        """
        return self._waits_for[wait] if day is None else self._waits_for[_START_ON].format(day=day)


def _texts(table: TomlTable, key: str, words: Iterable[str]) -> dict[str, str]:
    below = table.table(key) or TomlTable({}, table.faults, f"{table.place}.{key}")
    texts = {str(word): below.text(word) for word in words}
    below.close()
    return texts
