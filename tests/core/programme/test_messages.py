"""What people are told: staff the exact reason, customers one neutral sentence, each in their language (S6)."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from itertools import chain, combinations
from pathlib import Path
from typing import Any, Final

import pytest

from referral_core.entities.promo_code import CodeStatus
from referral_core.entities.referral import ReferralStatus
from referral_core.entities.wait import Wait
from referral_core.programme import messages
from referral_core.programme.messages import Messages
from referral_core.programme.programme import Programme
from referral_core.values.errors import ProgrammeInvalid, Reason

FOLDER: Final = Path(messages.__file__).with_name("languages")
LANGUAGES: Final = sorted(path.stem for path in FOLDER.glob("*.toml"))
ABOUT_A_CODE: Final = tuple(Reason)[:10]


def english() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "en.toml").read_text(encoding="utf-8"))


def test_there_are_messages_in_every_language_of_the_programme() -> None:
    assert set(Programme().languages) <= set(LANGUAGES)


@pytest.mark.rule("S6")
@pytest.mark.parametrize("language", LANGUAGES)
def test_staff_are_told_every_reason_exactly(language: str) -> None:
    sentences = [Messages.for_language(language).staff(reason) for reason in Reason]
    assert len(set(sentences)) == len(sentences)
    assert [text for text in sentences if not re.fullmatch(r"[^\W\d_](?!.*\s\s)[^\n]*\.", text)] == []


@pytest.mark.rule("S6")
@pytest.mark.parametrize("language", LANGUAGES)
def test_customers_are_told_the_same_whatever_the_reasons(language: str) -> None:
    told = Messages.for_language(language)
    several = chain(((reason,) for reason in Reason), combinations(ABOUT_A_CODE, 2), [ABOUT_A_CODE])
    assert {told.customer(reasons) for reasons in several} == {told.neutral}
    assert told.neutral not in {told.staff(reason) for reason in Reason}


@pytest.mark.rule("S6")
@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("et", "Seda koodi ei saa kasutada."),
        ("en", "This code cannot be used."),
        ("ru", "Этот код нельзя использовать."),
        ("lv", "Šo kodu nevar izmantot."),
    ],
)
def test_the_neutral_message(language: str, sentence: str) -> None:
    assert Messages.for_language(language).customer([Reason.CODE_UNKNOWN]) == sentence


def test_a_code_that_can_be_used_has_no_message() -> None:
    with pytest.raises(ValueError, match="can be used"):
        Messages.for_language("et").customer([])


@pytest.mark.rule("C11")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_status_has_its_words(language: str) -> None:
    statuses: list[CodeStatus | ReferralStatus] = [*CodeStatus, *ReferralStatus]
    words = [Messages.for_language(language).status(status) for status in statuses]
    assert len(set(words)) == len(words)
    assert all(word == word.strip() and word for word in words)


@pytest.mark.rule("T4")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_wait_has_its_sentence_and_a_start_its_day(language: str) -> None:
    told = Messages.for_language(language)
    sentences = [told.waits_for(Wait.START, "1.3.2021"), *map(told.waits_for, Wait)]
    assert len(set(sentences)) == len(sentences)
    assert [text for text in sentences if not text[0].isupper() or not text.endswith(".")] == []
    assert [text for text in sentences if "1.3.2021" in text] == sentences[:1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_written_in_its_own_letters(language: str) -> None:
    texts = "".join(Messages.for_language(language).staff(reason) for reason in Reason).replace("A–Z", "")
    assert bool(re.search("[а-яё]", texts)) is (language == "ru")
    assert bool(re.search("[a-z]", texts)) is (language != "ru")
    assert bool(re.search("[õäöü]", texts)) is (language == "et")
    assert bool(re.search("[āēīšž]", texts)) is (language == "lv")


@pytest.mark.parametrize("language", ["fi", "", "../household", "et.toml", "ET"])
def test_a_language_without_messages_is_refused(language: str) -> None:
    with pytest.raises(LookupError, match="only in en, et, lv, ru"):
        Messages.for_language(language)


@pytest.mark.rule("P1")
def test_a_language_file_must_be_complete_and_every_fault_is_named() -> None:
    content = english()
    del content["neutral"], content["staff"]["code-ended"], content["status"], content["waits_for"]["start-on"]
    content["staff"] |= {"code-lost": "It is lost.", "no-amount": 5}
    with pytest.raises(ProgrammeInvalid) as caught:
        Messages.of(content, "xx")
    assert {fault.partition(": ")[0] for fault in caught.value.faults} == {
        "xx.neutral",
        "xx.staff.code-ended",
        "xx.staff.code-lost",
        "xx.staff.no-amount",
        "xx.waits_for.start-on",
        *(f"xx.status.{status}" for status in [*CodeStatus, *ReferralStatus]),
    }


def test_importing_the_core_reads_no_file() -> None:
    script = """
import builtins, io, sys
real = io.open
def opened(file, *args, **kwargs):
    if str(file).endswith(".toml"):
        raise AssertionError(file)
    return real(file, *args, **kwargs)
builtins.open = io.open = opened
import referral_core
assert "tomllib" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)
