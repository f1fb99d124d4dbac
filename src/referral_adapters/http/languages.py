"""The language of an answer, by what the request accepts (RFC 9110, 12.5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_MOST: Final = 20
_LONGEST: Final = 400
_NOTHING: Final = ("", "*")


def preferred(accepted: str | None, offered: Sequence[str], *, unsaid: str | None = None) -> str:
    """Return the offered language that a request likes best; the first one offered when it likes none of them.

    A request that says nothing, or that any will do, gets ``unsaid`` where that is offered.

    >>> preferred("de, ru;q=0.5, en;q=0.8", ["et", "en", "ru"])
    'en'
    >>> preferred("fi", ["et", "en"], unsaid="en"), preferred(None, ["et", "en"], unsaid="en")
    ('et', 'en')
    """
    if unsaid is not None and unsaid in offered and (accepted or "").strip() in _NOTHING:
        return unsaid
    best, liked = offered[0], 0.0
    for part in (accepted or "")[:_LONGEST].split(",")[:_MOST]:
        tag, _, parameter = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        weight = _weight(parameter)
        if language in offered and weight > liked:
            best, liked = language, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value) if 0 <= float(value) <= 1 else 0.0
    except ValueError:
        return 0.0
