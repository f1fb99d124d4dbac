"""Reading moments and dates as a feed writes them: RFC 3339 and ISO 8601."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

from referral_adapters.feed.errors import LineInvalid
from referral_core.values.errors import Reason, Refusal
from referral_core.values.moment import moment

_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d{1,6})?\d{0,6}([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def read_moment(text: str, field: str) -> datetime:
    """Return the moment that ``text`` writes as RFC 3339; digits past the microsecond are cut off.

    :raises Refusal: ``moment-naive`` when it has no offset, or is only a date (M1).
    :raises LineInvalid: it is neither, or no such moment exists.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        read_date(text, field, "an RFC 3339 moment with an offset")
        raise Refusal(Reason.MOMENT_NAIVE, message=f"{text} is a day, not a moment with an offset", field=field)
    day, clock, fraction, offset = found.groups()
    try:
        value = datetime.fromisoformat(f"{day}T{clock}{fraction or ''}{(offset or '').upper()}")
    except ValueError as error:
        raise LineInvalid(field, f"{text!r} is no moment: {error}") from None
    return moment(value, field)


def read_date(text: str, field: str, wanted: str = "a date such as 2021-03-01") -> date:
    """Return the day that ``text`` writes as ``YYYY-MM-DD``.

    :raises LineInvalid: it is no such day; the message asks for ``wanted``.
    """
    shown = text if len(text) <= 40 else text[:40] + "…"  # noqa: PLR2004 - enough to recognise it by
    if not _DATE.fullmatch(text):
        raise LineInvalid(field, f"{shown!r} is not {wanted}")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise LineInvalid(field, f"{text!r} is no day: {error}") from None


def is_date(text: str) -> bool:
    """Tell whether ``text`` has the form of a date."""
    return _DATE.fullmatch(text) is not None
