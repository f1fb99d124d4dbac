"""The laws about names and lists of words (P1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from referral_core.programme.fault import Fault, Unread
from referral_core.programme.settings import Settings
from referral_core.values.name import is_visible

_OFFENSIVE: Final = re.compile(r"[A-Z0-9]{2,20}")


def name_faults(settings: Settings) -> Iterator[Fault]:
    """Yield what is wrong with the name of the programme."""
    yield from text_faults("name", settings.name)


def coverage_faults(settings: Settings) -> Iterator[Fault]:
    """Yield what is wrong with products, segments and channels (S11, S6)."""
    yield from list_faults("products", settings.products)
    yield from list_faults("segments", settings.segments)
    yield from list_faults("channels", settings.channels)
    yield from list_faults("blocking_channels", settings.blocking_channels, may_be_empty=True)
    yield from stranger_faults("blocking_channels", settings.blocking_channels, "channels", settings.channels)


def code_faults(settings: Settings) -> Iterator[Fault]:
    """Yield what is wrong with the settings that issue and keep codes (C3, C4).

    What issues a code also keeps it; what else keeps it may lie outside the programme, as gas does (S11).
    """
    yield from list_faults("issuing_products", settings.issuing_products)
    yield from list_faults("issuing_segments", settings.issuing_segments)
    yield from list_faults("keeping_products", settings.keeping_products)
    yield from stranger_faults("issuing_products", settings.issuing_products, "products", settings.products)
    yield from stranger_faults("issuing_segments", settings.issuing_segments, "segments", settings.segments)
    for number, product in enumerate(settings.issuing_products):
        if product in settings.products:
            place = f"issuing_products[{number}]"
            yield from stranger_fault(place, product, "keeping_products", settings.keeping_products)


def existing_customer_faults(settings: Settings) -> Iterator[Fault]:
    """Yield what is wrong with the products of existing customers, which may lie outside the programme (S1)."""
    if settings.existing_customer_products is not None:
        yield from list_faults("existing_customer_products", settings.existing_customer_products)


def offensive_word_faults(settings: Settings) -> Iterator[Fault]:
    """Yield the words that could never stand in a code, so that nothing would be kept out by them (C10)."""
    yield from list_faults("offensive_words", settings.offensive_words, may_be_empty=True)
    for place, word in enumerate(settings.offensive_words):
        if word.strip() and not _OFFENSIVE.fullmatch(word):
            yield Fault(f"offensive_words[{place}]", f"{word!r} is not 2 to 20 capital letters A-Z and digits")


def text_faults(place: str, text: str) -> Iterator[Fault]:
    """Yield what is wrong with a text that people see or that other settings name."""
    if not text.strip():
        yield Fault(place, "is blank")
    elif text != text.strip() or not text.isprintable():
        yield Fault(place, f"{text!r} has blanks around it, or signs that cannot be seen")
    elif not is_visible(text):
        yield Fault(place, f"{text!r} has nothing in it that can be seen")


def list_faults(place: str, words: Sequence[str], *, may_be_empty: bool = False) -> Iterator[Fault]:
    """Yield what is wrong with a list of words."""
    if not isinstance(words, tuple):
        yield Fault(place, f"{words!r} is not a tuple of words")
        return
    if not words and not may_be_empty:
        yield Fault(place, "is empty")
    for number, word in enumerate(words):
        yield from text_faults(f"{place}[{number}]", word)
        if word in words[:number]:
            yield Fault(f"{place}[{number}]", f"{word!r} is there twice")


def stranger_faults(place: str, words: Sequence[str], setting: str, known: Sequence[str]) -> Iterator[Fault]:
    """Yield the words of a list that another setting should hold, and does not."""
    for number, word in enumerate(words):
        yield from stranger_fault(f"{place}[{number}]", word, setting, known)


def stranger_fault(place: str, word: str | None, setting: str, known: Sequence[str]) -> Iterator[Fault]:
    """Yield a fault if ``word`` is not among ``known``; what could not be read may be any word."""
    if word is not None and word not in known and not any(isinstance(text, Unread) for text in (word, *known)):
        yield Fault(place, f"{word!r} is not one of {setting}")
