"""Moments given on the command line."""

from __future__ import annotations

from datetime import datetime

from referral_adapters.cli.errors import CommandFailed
from referral_adapters.feed.errors import LineInvalid
from referral_adapters.feed.moments import is_date, read_date, read_moment
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Refusal
from referral_core.values.moment import EARLIEST, Calendar


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


def given_period(since: str | None, until: str | None, calendar: Calendar) -> EffectivePeriod | None:
    """Return the period that ``--from`` and ``--until`` write, each a moment or a day; a last day is inclusive (M2).

    :raises CommandFailed: one of them is neither, or they leave nothing between them.
    """
    if since is None and until is None:
        return None
    start = given_moment(since, calendar, "--from") or EARLIEST
    end = given_moment(until, calendar, "--until")
    try:
        if until is not None and is_date(until):
            end = calendar.end_of(read_date(until, "--until"), "--until")
        return EffectivePeriod.between(start, end)
    except Refusal as error:
        raise CommandFailed(f"{error}.") from None
