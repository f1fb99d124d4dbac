"""New customers: in self-service, through the sales portal and through distributors, some with a friend's code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from examples.year.cases import failed
from examples.year.checks import check, checked
from examples.year.events import PORTAL, Story, agent, took_effect
from examples.year.lives import life
from examples.year.seasons import DAY, MINUTE, start_of_supply, written
from examples.year.signup import SignUp
from examples.year.tariffs import DISTRIBUTORS_FROM

if TYPE_CHECKING:
    from examples.year.home import Home
    from examples.year.town import Town

# One in five sign-ups is to end with a code; some more start with one.
WITH_CODE: Final = 0.22

# One in 30 self-service sign-ups fails and becomes a case.
FAILURES: Final = 30

# Half of those with a code check it first. Of the others one in twelve mistypes it.
CHECKS: Final = 0.5
MISTYPED: Final = 0.08

# Each time the portal refuses a code, one in six gives up altogether.
GIVE_UP: Final = 0.16

# In every sixth sign-up with a code in the sales portal, staff honour an attempt of up to six days before; every
# third with a distributor goes to the distributors' own group.
HONOURED: Final = 6
OWN_GROUP: Final = 3


def newcomer(town: Town, at: int, channel: str) -> Story:
    """Tell the story of somebody who becomes a customer."""
    home = town.build()
    code = town.heard() if town.rng.random() < WITH_CODE else None
    if channel != "self-service":
        yield from through_staff(town, home, at, channel, code)
    elif town.turn("failure", FAILURES):
        yield from failed(town, home, at, code)
    else:
        yield from in_self_service(town, home, at, code)


def in_self_service(town: Town, home: Home, at: int, code: str | None, product: str = "electricity") -> Story:
    """Conclude at the portal: perhaps check, mistype, be refused and conclude without a code."""
    rng = town.rng
    said: list[str | None] = [code, None] if code is not None else [None]
    if code is not None and rng.random() < CHECKS:
        at = yield from checked(town, home, at, code)
    elif code is not None and rng.random() < MISTYPED:
        said.insert(0, town.mistyped(code))
    signup = SignUp(home, home.next_contract(), "self-service", at, start_of_supply(rng, at), product)
    for word in said:
        result = yield signup.at, signup.conclude(PORTAL, word)
        if took_effect(result):
            signup.concluded(town, word, result)
            yield from life(town, signup)
            return
        if rng.random() < GIVE_UP:
            return
        signup.at += rng.randint(2 * MINUTE, 15 * MINUTE)


def through_staff(town: Town, home: Home, at: int, channel: str, code: str | None) -> Story:
    """Conclude with an agent's help, who may honour an earlier moment or choose a group."""
    more = special(town, channel, at) if code is not None else {}
    if code is not None and not more and town.rng.random() < MISTYPED:
        code = town.mistyped(code)
    signup = SignUp(home, home.next_contract(), channel, at, start_of_supply(town.rng, at))
    sender = agent(town.agent(), f"/{channel}")
    if code is not None and not more and town.rng.random() < CHECKS:
        yield at, check(home, code, channel, sender)
        signup.at += town.rng.randint(MINUTE, 5 * MINUTE)
    result = yield signup.at, signup.conclude(sender, code, **more)
    if took_effect(result):
        signup.concluded(town, code, result)
        yield from life(town, signup)


def special(town: Town, channel: str, at: int) -> dict[str, object]:
    """Return what staff add to a sign-up with a code: nothing, an earlier moment, or a group."""
    if channel == "sales-portal" and town.turn("honour", HONOURED):
        return {
            "honour": {"moment": written(at - town.rng.randint(1, 6) * DAY)},
            "group": "referee-self-service",
            "reason": "the customer had started in self-service",
        }
    if channel == "distributor" and at >= DISTRIBUTORS_FROM and town.turn("own group", OWN_GROUP):
        return {"group": "referee-distributor", "reason": "signed up at the distributor's counter"}
    return {}
