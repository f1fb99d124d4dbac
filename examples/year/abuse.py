"""Patterns that a retailer wants to be told of: a burst of uses, a ring, sign-ups that never activate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from examples.year.codes import ended
from examples.year.events import BILLING, PORTAL, act, took_effect
from examples.year.lives import activated, life
from examples.year.seasons import DAY, HOUR, MINUTE, midnight, office_time
from examples.year.signup import SignUp

if TYPE_CHECKING:
    from examples.year.events import Story
    from examples.year.home import Home
    from examples.year.town import Town

# A code on a coupon site: 14 uses in a day and a half, until a supervisor ends it.
BURST: Final = 14
BURST_HOURS: Final = 36

# Four flatmates refer one another in a row; the last one's code goes back to the first.
RING: Final = 4

# Six sign-ups with one code in three weeks, of which none begins and every second is withdrawn on the 13th day.
GHOSTS: Final = 6
GHOST_DAYS: Final = 3


def some_referrer(town: Town) -> Home | None:
    """Return some household with an active code."""
    return town.pick(lambda home: home.is_household and bool(home.active) and home.code is not None)


def burst(town: Town, at: int) -> Story:
    """Let a code be used by strangers in great number, and a supervisor end it a few days later."""
    home = some_referrer(town)
    if home is None or home.code is None:
        return
    for use in range(BURST):
        later = at + use * BURST_HOURS * HOUR // BURST
        town.start(stranger(town, home.code, later + town.rng.randrange(HOUR)))
    noticed = office_time(town.rng, at, town.rng.randint(4, 8))
    yield noticed, None
    if home.code is not None:
        yield from ended(town, home, noticed, "many uses in two days: the code stands on a coupon site")


def stranger(town: Town, code: str, at: int) -> Story:
    """Conclude with a code found on the web."""
    yield at, None
    signup = signing(town, town.build("household"), at)
    result = yield at, signup.conclude(PORTAL, code)
    if took_effect(result):
        signup.concluded(town, code, result)
        yield from life(town, signup)


def ring(town: Town, at: int) -> Story:
    """Let each flatmate refer the next as soon as a code is active, and the last refer the first."""
    first = some_referrer(town)
    last = first
    for _ in range(RING):
        if last is None or last.code is None:
            return
        signup = signing(town, town.build("household"), at, midnight(at, 15))
        code = last.code
        result = yield at, signup.conclude(PORTAL, code)
        if not took_effect(result):
            return
        signup.concluded(town, code, result)
        yield from activated(town, signup)
        last, at = signup.home, signup.starts + 10 * HOUR
    if first is not None and last is not None:
        yield at, signing(town, first, at).conclude(PORTAL, last.code)


def ghosts(town: Town, at: int) -> Story:
    """Conclude again and again with one code, and never let a contract begin."""
    home = some_referrer(town)
    code = None if home is None else home.code
    for ghost in range(GHOSTS if code is not None else 0):
        signup = signing(town, town.build("household"), at + ghost * GHOST_DAYS * DAY + ghost * MINUTE)
        result = yield signup.at, signup.conclude(PORTAL, code)
        if took_effect(result) and ghost % 2:
            town.start(vanished(signup))


def vanished(signup: SignUp) -> Story:
    """Withdraw on the 13th day."""
    yield signup.at + 13 * DAY, act("contract.withdrawn", BILLING, contract=signup.contract)


def signing(town: Town, home: Home, at: int, starts: int | None = None) -> SignUp:
    """Return a sign-up at the portal that begins two weeks later unless said otherwise."""
    return SignUp(home, home.next_contract(), "self-service", at, midnight(at, 14) if starts is None else starts)
