"""The customers whom the retailer had before the year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from examples.year.events import PORTAL, agent
from examples.year.lives import activated
from examples.year.seasons import DAY, start_of_supply
from examples.year.signup import SignUp

if TYPE_CHECKING:
    from examples.year.events import Story
    from examples.year.home import Home
    from examples.year.town import Town

# One customer in 25 has a second account, for a summer house; one household in eight takes gas too.
SECOND_ACCOUNTS: Final = 25
WITH_GAS: Final = 0.12

# Six in ten came through self-service.
IN_SELF_SERVICE: Final = 0.6

LATER_DAYS: Final = (10, 200)


def settled(town: Town, at: int) -> Story:
    """Tell how somebody became a customer in an earlier year."""
    home = town.build()
    channel = "self-service" if town.rng.random() < IN_SELF_SERVICE else "sales-portal"
    yield from supplied(town, home, at, channel)
    later = at + town.rng.randint(*LATER_DAYS) * DAY + 60 * DAY
    if town.turn("second account", SECOND_ACCOUNTS):
        yield later, None
        yield from supplied(town, town.build(home.segment, home.customer), later, channel)
    elif home.is_household and town.rng.random() < WITH_GAS:
        yield later, None
        yield from supplied(town, home, later, channel, "gas")


def supplied(town: Town, home: Home, at: int, channel: str, product: str = "electricity") -> Story:
    """Conclude a contract and let it begin."""
    signup = SignUp(home, home.next_contract(), channel, at, start_of_supply(town.rng, at), product)
    sender = PORTAL if channel == "self-service" else agent(town.agent())
    signup.concluded(town, None, (yield at, signup.conclude(sender)))
    yield from activated(town, signup)
