"""The texts of the household programme, which live in its file: what is shared, and words that offend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

from referral_core.programme.files import shipped
from referral_core.programme.sharing_template import SharingTemplate

if TYPE_CHECKING:
    from referral_core.programme.toml_table import TomlTable

HOUSEHOLD_FILE: Final = "household.toml"


@cache
def _table() -> TomlTable:
    from referral_core.programme.toml_table import TomlTable  # noqa: PLC0415 - so that importing the core stays quick

    return TomlTable(shipped(HOUSEHOLD_FILE), faults=[])


@cache
def household_words() -> tuple[str, ...]:
    """Return words that offend, in capital letters (C10)."""
    return _table().words("offensive_words", ())


@cache
def _templates() -> Mapping[str, SharingTemplate]:
    sharing = _table().table("sharing")
    return SharingTemplate.read_all(sharing) if sharing else {}


def household_sharing(languages: Iterable[str]) -> dict[str, SharingTemplate]:
    """Return what customers pass on in those of ``languages`` that the household programme has (T1)."""
    return {language: _templates()[language] for language in languages if language in _templates()}
