"""Names in ASCII, with nothing but Python's own tables and a few letters more."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.folding import to_ascii

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
