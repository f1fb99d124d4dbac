"""Folding names: what readers of each language would write on an English keyboard."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.folding import AnyAsciiFolding
from referral_adapters.memory import MemoryStore
from referral_core.formats.named_codes import NamedCodes
from referral_core.formats.offensive_words import OffensiveWords

NAMES = {
    # Estonian
    "Õnne": "Onne",
    "Ülle": "Ulle",
    "Jõgi": "Jogi",
    "Žanna": "Zanna",
    # Latvian
    "Žanete": "Zanete",
    "Ģirts": "Girts",
    "Ļubova": "Lubova",
    "Kārlis": "Karlis",
    # Lithuanian
    "Šarūnas": "Sarunas",
    "Eglė": "Egle",
    "Ąžuolas": "Azuolas",
    "Įvilė": "Ivile",
    # German
    "Jürgen": "Jurgen",
    "Weiß": "Weiss",
    # Polish
    "Łukasz": "Lukasz",
    "Świętosława": "Swietoslawa",
    # Russian
    "Михкель": "Mikhkel'",
    "Юрий": "Yuriy",
    "Щукин": "Shchukin",
    # others
    "Þórður": "Thordur",
    "Øystein": "Oystein",
    "Mihkel": "Mihkel",
}


@pytest.mark.rule("C10")
@pytest.mark.parametrize(("name", "folded"), NAMES.items())
def test_names_are_written_in_ascii(name: str, folded: str) -> None:
    assert AnyAsciiFolding()(name) == folded


@pytest.mark.rule("C10")
@pytest.mark.parametrize(("name", "folded"), NAMES.items())
def test_letters_and_accents_may_come_apart(name: str, folded: str) -> None:
    assert AnyAsciiFolding()(unicodedata.normalize("NFD", name)) == folded


@pytest.mark.rule("C10")
@pytest.mark.parametrize(
    ("name", "code"),
    [("Õnne", "ONNE2025"), ("Михкель", "MIKHKEL2025"), ("Jürgen", "JURGEN2025"), ("O’Neil", "ONEIL2025")],
)
def test_folded_names_make_codes(name: str, code: str) -> None:
    named = NamedCodes(bytes(16), AnyAsciiFolding(), offensive=OffensiveWords(()))
    assert next(named.candidates(name, 2025)) == code


@pytest.mark.rule("C10")
@pytest.mark.parametrize(("name", "folded"), [("", ""), ("😀", ""), ("Mari 💚™", "Mari "), ("+$", "+$")])
def test_symbols_are_not_described(name: str, folded: str) -> None:
    assert AnyAsciiFolding()(name) == folded


@pytest.mark.rule("C10")
@given(st.text(max_size=40))
def test_whatever_comes_in_ascii_comes_out(text: str) -> None:
    assert AnyAsciiFolding()(text).isascii()


@given(st.text(st.characters(max_codepoint=126, min_codepoint=32)))
def test_ascii_stays_what_it_is(text: str) -> None:
    assert AnyAsciiFolding()(text) == text


def test_without_anyascii_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anyascii", None)
    with pytest.raises(ImportError, match="extra 'names'"):
        AnyAsciiFolding()


def test_a_store_takes_it() -> None:
    store = MemoryStore(folding=AnyAsciiFolding())
    assert store.to_ascii("李") == "Li"
