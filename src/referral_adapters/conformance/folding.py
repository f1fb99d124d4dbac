"""The tests of every folding of names into ASCII."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

NAMES: Final = {
    "Õnne": "Onne",
    "Mihkel": "Mihkel",
    "Jürgen": "Jurgen",
    "Žanna": "Zanna",
    "Šarlote": "Sarlote",
    "Ģirts": "Girts",
    "Rūdolfs": "Rudolfs",
    "Ķēniņš": "Kenins",
    "Živilė": "Zivile",
    "Łukasz": "Lukasz",
    "Søren": "Soren",
    "Иван": "Ivan",
    "Анна": "Anna",
    "Марина": "Marina",
    "Жанна": "Zhanna",
}
"""Names in the languages of the Baltic states and their neighbours, with one spelling in ASCII each."""

ANYTHING: Final = (
    "",
    " ",
    "李",
    "🔌",
    "Ю\u0301лия",
    "A\u030a",
    "ﬁ",
    "𝔄da",
    "\u200b",
    "Anna-Liisa",
    "O'Neill",
    "Ⅳ",
    "١٢",
)


class FoldingConformance:
    """Asks for a fixture ``folding``: the function by which a store writes names in ASCII."""

    def test_names_are_folded_as_their_readers_would(self, folding: Callable[[str], str]) -> None:
        """The folded name has the ASCII letters that readers of the language would write (C10)."""
        assert {name: _letters(folding(name)) for name in NAMES} == NAMES

    def test_a_letter_and_its_mark_may_come_apart(self, folding: Callable[[str], str]) -> None:
        """A name folds the same with composed letters and with combining marks."""
        assert folding("O\u0303nne") == folding("Õnne")

    def test_ascii_stays_as_it_is(self, folding: Callable[[str], str]) -> None:
        """A text in ASCII is returned unchanged."""
        assert [folding(text) for text in ("Mihkel", "Anna-Liisa", "A1", "")] == [
            "Mihkel",
            "Anna-Liisa",
            "A1",
            "",
        ]

    def test_the_answer_is_ascii_whatever_the_name(self, folding: Callable[[str], str]) -> None:
        """The result is in ASCII for every text, and letters without a counterpart are no error."""
        answers = [folding(text) for text in (*NAMES, *ANYTHING)]
        assert [answer for answer in answers if not answer.isascii()] == []

    def test_the_same_name_folds_the_same(self, folding: Callable[[str], str]) -> None:
        """Folding is deterministic."""
        assert [folding(name) for name in NAMES] == [folding(name) for name in NAMES]


def _letters(text: str) -> str:
    """Return the letters only: some write the soft sign as an apostrophe."""
    return "".join(filter(str.isalpha, text))
