"""Checks of codes, by those about to sign up and by the merely curious."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from examples.year.events import Act, Result, Sender, Step, act, customer
from examples.year.seasons import MINUTE

if TYPE_CHECKING:
    from examples.year.events import Story
    from examples.year.home import Home
    from examples.year.town import Town

# One in eight who checks a code mistypes it first.
MISTYPED: Final = 0.12


def check(home: Home, code: str, channel: str, sender: Sender) -> Act:
    """Return the act of checking a code for the people of a home."""
    return act(
        "code.check",
        sender,
        code=code,
        channel=channel,
        customer=home.customer,
        segment=None if home.is_household else home.segment,
    )


def checked(town: Town, home: Home, at: int, code: str) -> Generator[Step, Result, int]:
    """Check a code at the portal, if need be twice, and return the moment after it."""
    said = [town.mistyped(code), code] if town.rng.random() < MISTYPED else [code]
    for word in said:
        yield at, check(home, word, "self-service", customer(home.customer))
        at += town.rng.randint(MINUTE, 6 * MINUTE)
    return at


def curious(town: Town, at: int) -> Story:
    """Check a code without saying who asks, and leave it at that."""
    code = town.heard()
    if code is not None:
        visitor = customer(f"visitor-{town.rng.randrange(10**8):08}")
        yield at, act("code.check", visitor, code=code, channel="self-service")
