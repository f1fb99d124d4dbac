"""The texts of the portal: one file a language, the same keys in each."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import attrs

from referral_core import DiscountGroup, Money

FOLDER: Final = Path(__file__).parent / "texts"
LANGUAGES: Final = ("et", "en", "ru", "lv")
"""The languages of the portal; the first is for browsers that ask for none of them."""


@attrs.frozen
class Texts:
    """The texts of one language, by dotted keys such as ``self-service.heading``."""

    language: str
    _texts: Mapping[str, str]

    @classmethod
    @cache
    def of(cls, language: str) -> Texts:
        """Return the texts of a language; its file is read when it is first asked for.

        :raises LookupError: the portal does not speak it.
        """
        if language not in LANGUAGES:
            raise LookupError(f"there are no texts in {language!r}, only in {', '.join(LANGUAGES)}")
        files = sorted(FOLDER.glob(f"{language}*.toml"))  # and those of some pages alone, such as en.sales.toml
        contents = (tomllib.loads(file.read_text(encoding="utf-8")) for file in files)
        return cls(language, {key: text for content in contents for key, text in _flat(content)})

    @property
    def keys(self) -> frozenset[str]:
        """The keys of all texts."""
        return frozenset(self._texts)

    def text(self, key: str) -> str:
        """Return a text as it stands in the file, with its places."""
        return self._texts[key]

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with values in its places.

        :raises KeyError: there is no such text, or a place of it is given no value.
        """
        return self._texts[key].format(**values)

    def money(self, amount: Money) -> str:
        """Return an amount as people write it, cents only where there are any: ``7 €``, ``24,90 €``."""
        figure = f"{amount.amount:,.2f}".removesuffix(".00").translate(_MARKS[self.language])
        sign = "€" if amount.currency == "EUR" else amount.currency
        return f"{sign}{figure}" if self.language == "en" and sign == "€" else f"{figure}\N{NO-BREAK SPACE}{sign}"

    def group(self, group: DiscountGroup) -> str:
        """Return the name of a group; those of the programme that nobody has renamed have one in each language."""
        return self._texts.get(f"group.{group.id}", group.name) if group.name == group.id else group.name

    def day(self, day: date) -> str:
        """Return a day as people write it: ``1 March 2026``, ``1. märts 2026``."""
        return self("date.day", day=day.day, month=self(f"date.{day.month}"), year=day.year)

    def short_day(self, day: date) -> str:
        """Return a day as people write it in a table: ``1 Mar 2026``, ``01.03.2026``."""
        month = self(f"date.{day.month}")
        return self("date.short", day=day.day, number=day.month, month=month, year=day.year)


_MARKS: Final = {
    "et": str.maketrans(",.", "\N{NO-BREAK SPACE},"),
    "en": str.maketrans({}),
    "ru": str.maketrans(",.", "\N{NO-BREAK SPACE},"),
    "lv": str.maketrans(",.", "\N{NO-BREAK SPACE},"),
}


def preferred(accepted: str) -> str:
    """Return the language of the portal that a browser's ``Accept-Language`` names first."""
    named = (part.split(";")[0].strip().split("-")[0].lower() for part in accepted.split(","))
    return next((language for language in named if language in LANGUAGES), LANGUAGES[0])


def _flat(content: Mapping[str, object], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", str(value)
