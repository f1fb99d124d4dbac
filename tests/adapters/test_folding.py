"""Names folded into ASCII: by Python's own tables, and by anyascii for any script."""

from __future__ import annotations

import string
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.folding import AnyAsciiFolding, to_ascii
from referral_adapters.memory import MemoryStore
from referral_core.formats.named_codes import NamedCodes
from referral_core.formats.offensive_words import OffensiveWords

RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"


@pytest.mark.rule("C10")
@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Õnne", "Onne"),
        ("Ülo-Žan", "Ulo-Zan"),
        ("ŠŽÕÄÖÜ", "SZOAOU"),
        ("Āčēģīķļņšūž", "Acegiklnsuz"),
        ("Ąčęėįšųūž", "Aceeisuuz"),
        ("Łukasz", "Lukasz"),
        ("Strauß", "Strauss"),
        ("Ærø", "Aero"),
        ("Œuvre", "Oeuvre"),
        ("Đorđe", "Dorde"),
        ("Þór", "Thor"),
        ("Илья", "Ilya"),
        ("Семён", "Semyon"),
        ("Ёлка", "Yolka"),
        ("Екатерина", "Ekaterina"),
        ("Жанна", "Zhanna"),
        ("Щукин", "Shchukin"),
        ("Объедков", "Obedkov"),
        ("Ольга", "Olga"),
        ("Сергей", "Sergey"),
        ("Дмитрий", "Dmitriy"),
        ("Юлия", "Yuliya"),
        ("Хёрцик", "Khyortsik"),
        ("Эдуард Ышев", "Eduard Yshev"),
        ("ЮЛИЯ", "YULIYA"),
        ("Я", "Ya"),
        ("Ґалина", "Galina"),
        ("李", ""),
        ("O’Neill", "ONeill"),
    ],
)
def test_names_read_as_their_readers_would_write_them(name: str, folded: str) -> None:
    assert to_ascii(name) == folded


def test_every_russian_letter_is_known_but_the_signs() -> None:
    assert [letter for letter in RUSSIAN if not to_ascii(letter)] == ["ъ", "ь"]
    assert [to_ascii(letter.upper()).lower() for letter in RUSSIAN] == [to_ascii(letter) for letter in RUSSIAN]


@given(st.text())
def test_anything_folds_to_ascii_once_and_for_all(text: str) -> None:
    folded = to_ascii(text)
    assert folded.isascii()
    assert to_ascii(folded) == folded


@given(st.text(string.printable))
def test_ascii_stays_as_it_is(text: str) -> None:
    assert to_ascii(text) == text


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
