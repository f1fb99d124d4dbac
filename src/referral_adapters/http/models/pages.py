"""Pages of lists: a limit, and a cursor that says where the next page begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar

from fastapi import Query
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from referral_adapters.http.models.answer import PageAnswer
from referral_adapters.http.models.cursor import cursor_of, place_of
from referral_adapters.http.problems import improper
from referral_core.services.activity import place_of as place_in_list
from referral_core.values.errors import Refusal

T = TypeVar("T")

MOST: Final = 200
"""The most items that a page may be asked to have."""
_LONGEST: Final = 400
_DIGITS: Final = 15


def _read(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    text = place_of(cursor)
    if not text or "\0" in text:
        raise PydanticCustomError("cursor", "is no cursor that a page has given")
    return text


def page_of(items: Sequence[T], limit: int, place: Callable[[T], str]) -> PageAnswer[T]:
    """Return the page of up to ``limit`` items, of which one more was read to see whether there are others."""
    shown = list(items[:limit])
    return PageAnswer(items=shown, next=cursor_of(place(shown[-1])) if len(items) > limit else None)


Cursor = Annotated[
    str | None,
    Query(description="Where to go on, as the page before said in `next`.", max_length=_LONGEST),
    AfterValidator(_read),
]
Limit = Annotated[int, Query(description="How many items at most.", ge=1, le=MOST)]


def placed(cursor: str | None) -> str | None:
    """Return the place that a cursor of a list stands for which begins with the newest; ``None`` is the beginning.

    :raises Trouble: it is no cursor of such a list.
    """
    if cursor is not None:
        try:
            place_in_list(cursor)
        except Refusal as refusal:
            raise improper("query.cursor", "is no cursor that a page of this list has given") from refusal
    return cursor


def numbered(cursor: str | None) -> int:
    """Return the number that a cursor of a numbered list stands for; 0 is the beginning.

    :raises Trouble: it is no cursor of such a list.
    """
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdecimal() or len(cursor) > _DIGITS:
        raise improper("query.cursor", "is no cursor that a page of this list has given")
    return int(cursor)
