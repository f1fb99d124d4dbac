"""What people are told, in their language: staff the exact reason, customers one neutral sentence (S6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache

import attrs

from referral_core.entities.promo_code import CodeStatus
from referral_core.entities.referral import ReferralStatus
from referral_core.programme.fault import Fault
from referral_core.programme.files import shipped, shipped_languages
from referral_core.programme.toml_table import TomlTable
from referral_core.values.errors import ProgrammeInvalid
from referral_core.values.reason import Reason


@attrs.frozen(kw_only=True)
class Messages:
    """The messages of one language, complete: every reason and every status has its words.

    There is one file a language in the folder ``languages`` beside this module; adding a language is adding a file.
    """

    language: str
    neutral: str
    _staff: Mapping[str, str]
    _status: Mapping[str, str]

    @classmethod
    @cache
    def for_language(cls, language: str) -> Messages:
        """Return the messages in a language such as ``et``; the file is read when it is first asked for.

        :raises LookupError: there are no messages in it.
        """
        if language not in shipped_languages():
            known = ", ".join(sorted(shipped_languages()))
            raise LookupError(f"there are no messages in {language!r}, only in {known}")
        return cls.of(shipped(f"languages/{language}.toml"), language)

    @classmethod
    def of(cls, content: Mapping[str, object], language: str) -> Messages:
        """Return the messages in the content of a language's file.

        :raises ProgrammeInvalid: naming every message that is missing or no text, and every one that nobody asks for.
        """
        faults: list[Fault] = []
        table = TomlTable(content, faults, language)
        messages = cls(
            language=language,
            neutral=table.text("neutral"),
            staff=_texts(table, "staff", Reason),
            status=_texts(table, "status", [*CodeStatus, *ReferralStatus]),
        )
        table.close()
        if faults:
            raise ProgrammeInvalid(map(str, faults))
        return messages

    def staff(self, reason: Reason) -> str:
        """Return the exact sentence that staff are told (S6, S9)."""
        return self._staff[reason]

    def customer(self, reasons: Collection[Reason]) -> str:
        """Return the one neutral sentence that a customer is told, whatever the reasons are (S6).

        :raises ValueError: there is no reason, so the code can be used and this would be untrue.
        """
        if not reasons:
            raise ValueError("a code without a reason against it can be used")
        return self.neutral

    def status(self, status: CodeStatus | ReferralStatus) -> str:
        """Return the word or two for the status of a code or a referral (C11, T2)."""
        return self._status[status]


def _texts(table: TomlTable, key: str, words: Iterable[str]) -> dict[str, str]:
    below = table.table(key) or TomlTable({}, table.faults, f"{table.place}.{key}")
    texts = {str(word): below.text(word) for word in words}
    below.close()
    return texts
