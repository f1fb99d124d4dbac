"""Lists that come in pages, walked through to their end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, ParamSpec, TypeVar

from referral_core.entities.case import Case
from referral_core.services.accounts import ReferralView
from referral_core.services.activity import Activity
from referral_core.services.sign_ups import SignUpView

P = ParamSpec("P")
T = TypeVar("T")

MOST: Final = 200
"""The most items that a page may be asked to have."""
_PLACES: Final[dict[type, Callable[[Any], str]]] = {
    Activity: lambda activity: activity.place,
    Case: lambda case: case.id,
    ReferralView: lambda referral: referral.place,
    SignUpView: lambda sign_up: sign_up.contract.id,
}
"""After what the next page goes on, by what the list holds."""


def pages(read: Callable[P, tuple[T, ...]], *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
    """Yield every item of a list that is read in pages; the next page is asked for when it is needed.

    ``read`` is ``sign_ups.page``, ``cases.page``, ``accounts.referrals`` or ``accounts.activity``, of a client or of a
    session alike, and what follows are its arguments.
    """
    given: Any = {"limit": MOST, **kwargs}
    while page := read(*args, **given):
        yield from page
        if len(page) < given["limit"]:
            return
        given["after"] = _PLACES[type(page[-1])](page[-1])
