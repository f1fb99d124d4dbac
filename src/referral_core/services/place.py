"""Places in lists that begin with the newest: a moment, and a count among what is of that moment."""

from __future__ import annotations

from datetime import datetime

from referral_core.values.errors import Refusal
from referral_core.values.moment import moment, written
from referral_core.values.reason import Reason

Place = tuple[datetime, int]
"""A moment, and which one of those of that moment, counted from 1."""


def place_text(place: Place) -> str:
    """Return a place as text: nothing in it says what stands there."""
    return f"{written(place[0])}/{place[1]}"


def place_of(text: str) -> Place:
    """Return the place that a text stands for.

    :raises Refusal: ``moment-invalid`` when it is no place.
    """
    when, _, count = text.partition("/")
    try:
        return moment(datetime.fromisoformat(when), "after"), int(count)
    except (ValueError, Refusal) as error:
        raise Refusal(Reason.MOMENT_INVALID, message=f"{text[:60]!r} is no place", field="after") from error
