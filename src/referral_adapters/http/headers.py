"""Headers that both sides of the wire read: entity tags, ``Retry-After`` and ``Accept-Language`` (RFC 9110)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import Final

_DIGEST_BYTES: Final = 16
_MOST_DIGITS: Final = 9
_MOST_LANGUAGES: Final = 20
_LONGEST_ACCEPTED: Final = 400
_NO_PREFERENCE: Final = ("", "*")


def digest_of(content: bytes) -> str:
    """Return the digest of some bytes, which is the same for every caller."""
    return blake2b(content, digest_size=_DIGEST_BYTES).hexdigest()


def etag_of(body: bytes, revision: str | None = None) -> str:
    """Return the entity tag of an answer: the digest of its body, and behind it the revision of what it represents.

    ``If-None-Match`` compares both, ``If-Match`` the revision alone: the body may change with time or from one endpoint
    to another while the stored thing stays the same.
    """
    digest = digest_of(body)
    return f'"{digest}"' if revision is None else f'"{digest}-{revision}"'


def retry_after_seconds(header: str | None, now: datetime) -> float:
    """Return the seconds that a ``Retry-After`` asks for: 0 when it is missing or malformed.

    >>> now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> retry_after_seconds("120", now), retry_after_seconds("Sun, 01 Mar 2026 12:00:30 GMT", now)
    (120.0, 30.0)
    >>> retry_after_seconds("soon", now)
    0.0
    """
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:_MOST_DIGITS])  # a service could send thousands of digits, which no float holds
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def preferred_language(accepted: str | None, offered: Sequence[str], *, default: str | None = None) -> str:
    """Return the offered language that an ``Accept-Language`` prefers; the first offered one if it accepts none.

    A header that is missing or accepts any language gets ``default`` where that is offered.

    >>> preferred_language("de, ru;q=0.5, en;q=0.8", ["et", "en", "ru"])
    'en'
    >>> preferred_language("fi", ["et", "en"], default="en"), preferred_language(None, ["et", "en"], default="en")
    ('et', 'en')
    """
    if default is not None and default in offered and (accepted or "").strip() in _NO_PREFERENCE:
        return default
    best, highest = offered[0], 0.0
    for part in (accepted or "")[:_LONGEST_ACCEPTED].split(",")[:_MOST_LANGUAGES]:
        tag, _, parameter = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        weight = _weight(parameter)
        if language in offered and weight > highest:
            best, highest = language, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value) if 0 <= float(value) <= 1 else 0.0
    except ValueError:
        return 0.0
