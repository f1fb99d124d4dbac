"""Moments given on the command line."""

from __future__ import annotations

from datetime import datetime

from referral_adapters.cli.errors import CommandFailed
from referral_adapters.feed.errors import LineInvalid
from referral_adapters.feed.moments import is_date, read_date, read_moment
from referral_core.values.calendar import Calendar
from referral_core.values.errors import Refusal


def given_moment(text: str | None, calendar: Calendar, option: str = "--at") -> datetime | None:
    """Return the moment that ``text`` writes: RFC 3339 with an offset, or a day, which means its local midnight (M1).

    ``option`` is what it was given with.

    :raises CommandFailed: it is neither, or has no offset (``moment-naive``).
    """
    if text is None:
        return None
    try:
        return calendar.start_of(read_date(text, option), option) if is_date(text) else read_moment(text, option)
    except (Refusal, LineInvalid) as error:
        raise CommandFailed(f"{error}.") from None
