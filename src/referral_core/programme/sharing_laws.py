"""The laws about languages and what is shared in them (P1, T1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from referral_core.programme.fault import Fault, Unread
from referral_core.programme.files import shipped_languages
from referral_core.programme.settings import Settings
from referral_core.programme.sharing_template import PLACEHOLDER, SharingTemplate
from referral_core.programme.word_laws import list_faults, stranger_fault, text_faults

_HTTPS: Final = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]+)?([/?#][^\s{}]*)?")


def language_faults(settings: Settings) -> Iterator[Fault]:
    """Yield what is wrong with the languages; each needs messages, which come one file a language."""
    yield from list_faults("languages", settings.languages)
    for number, language in enumerate(settings.languages):
        if language.strip() and language not in shipped_languages():
            yield Fault(f"languages[{number}]", f"there are no messages in {language!r}")


def sharing_faults(settings: Settings) -> Iterator[Fault]:
    """Yield what is wrong with the templates, of which there is one for each language (T1)."""
    for language in settings.languages:
        if language not in settings.sharing and not isinstance(language, Unread):
            yield Fault(f"sharing.{language}", "is missing")
    for language, template in settings.sharing.items():
        yield from stranger_fault(f"sharing.{language}", language, "languages", settings.languages)
        yield from _template_faults(f"sharing.{language}", template)


def _template_faults(place: str, template: SharingTemplate) -> Iterator[Fault]:
    yield from _filling_faults(f"{place}.title", template.title, must_hold_code=False)
    yield from _filling_faults(f"{place}.text", template.text, must_hold_code=True)
    yield from _filling_faults(f"{place}.link", template.link, must_hold_code=True)
    if not _HTTPS.fullmatch(template.link.replace(PLACEHOLDER, "")):
        yield Fault(f"{place}.link", f"{template.link!r} is not a link that begins with https://")


def _filling_faults(place: str, text: str, *, must_hold_code: bool) -> Iterator[Fault]:
    yield from text_faults(place, text)
    if must_hold_code and PLACEHOLDER not in text:
        yield Fault(place, f"does not hold {PLACEHOLDER}")
    if re.search(r"[{}]", text.replace(PLACEHOLDER, "")):
        yield Fault(place, f"holds braces other than {PLACEHOLDER}")
