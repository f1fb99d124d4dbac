"""Every test of the suite for the folding of names can fail: each has an adapter that is broken in its way."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Final

import pytest

from referral_adapters import conformance
from tests.adapters.conformance.broken import Broken, finds_out, own_tests


def folding(to_ascii: Callable[[str], str]) -> Broken:
    return lambda: to_ascii


_TURNS: Final = count()


BROKEN: Final[dict[str, Broken]] = {
    "test_names_are_folded_as_their_readers_would": folding(lambda text: text.encode("ascii", "ignore").decode()),
    "test_a_letter_and_its_mark_may_come_apart": folding(lambda text: text.encode("ascii", "ignore").decode()),
    "test_ascii_stays_as_it_is": folding(str.upper),
    "test_the_answer_is_ascii_whatever_the_name": folding(str),
    "test_the_same_name_folds_the_same": folding(lambda text: f"{text}{next(_TURNS)}"),
}


def test_there_is_a_broken_adapter_for_every_test() -> None:
    assert BROKEN.keys() == own_tests(conformance.FoldingConformance)


@pytest.mark.parametrize("test", BROKEN)
def test_every_test_finds_out_an_adapter_that_is_broken(test: str) -> None:
    finds_out(conformance.FoldingConformance, test, BROKEN[test]())
