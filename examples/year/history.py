"""The customers whom the retailer had before the year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from examples.year.events import PORTAL, agent
from examples.year.lives import activated
from examples.year.seasons import AT_HOME, DAY, local_day, office_time, some_time, start_of_supply
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

LATER_DAYS: Final = (70, 260)


def settled(town: Town, at: int) -> Story:
    """Tell how somebody became a customer in an earlier year."""
    home = town.build()
    yield from supplied(town, home, at)
    later = some_time(town.rng, local_day(at + town.rng.randint(*LATER_DAYS) * DAY), AT_HOME)
    if town.turn("second account", SECOND_ACCOUNTS):
        yield later, None
        yield from supplied(town, town.build(home.segment, home.customer), later)
    elif home.is_household and town.rng.random() < WITH_GAS:
        yield later, None
        yield from supplied(town, home, later, "gas")


def supplied(town: Town, home: Home, at: int, product: str = "electricity") -> Story:
    """Conclude a contract at the portal or, on the next day that is open, through staff, and let it begin."""
    channel, sender = "self-service", PORTAL
    if town.rng.random() > IN_SELF_SERVICE:
        channel, sender, at = "sales-portal", agent(town.agent()), office_time(town.rng, at, 1)
    signup = SignUp(home, home.next_contract(), channel, at, start_of_supply(town.rng, at), product)
    signup.concluded(town, None, (yield at, signup.conclude(sender)))
    yield from activated(town, signup)
