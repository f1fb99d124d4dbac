"""Customers who move house: a new account, the old one ended, and what is unused there moved over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from examples.year.events import BILLING, PORTAL, SUPERVISOR, Sender, act, agent, euros, took_effect
from examples.year.seasons import office_time, start_of_supply
from examples.year.signup import SignUp

if TYPE_CHECKING:
    from examples.year.events import Act, Story
    from examples.year.home import Home
    from examples.year.town import Town

# A supervisor looks every ten days or so, up to nine times, whether a discount waits on the account that ended.
LOOKS: Final = 9
LOOK_DAYS: Final = (7, 12)

# In every third transfer only a part is moved first; before every fourth an agent tries, who may not.
IN_PARTS: Final = 3
TRIED: Final = 4


def moving(town: Town, old: Home, at: int) -> Story:
    """Let the people of a home move into another."""
    yield at, None
    if not old.active:
        return
    new = town.build(old.segment, old.customer)
    signup = SignUp(new, new.next_contract(), "self-service", at, start_of_supply(town.rng, at))
    signup.concluded(town, None, (yield at, signup.conclude(PORTAL)))
    result = yield signup.starts, act("contract.activated", BILLING, contract=signup.contract)
    town.learn(new, result)
    new.activate(signup.contract)
    yield from left(old, signup.starts)
    town.sharers.append(new)
    yield from carried_over(town, old, new, signup.starts)


def left(home: Home, at: int) -> Story:
    """Let all active contracts of a home end."""
    for contract in tuple(home.active):
        if took_effect((yield at, act("contract.terminated", BILLING, contract=contract))):
            home.terminate(contract)


def carried_over(town: Town, old: Home, new: Home, at: int) -> Story:
    """Let a supervisor move what is unused on the old account, once there is something."""
    for _ in range(LOOKS):
        at = office_time(town.rng, at, town.rng.randint(*LOOK_DAYS))
        yield at, None
        if old.unused and new.active and not old.active:
            break
    else:
        return
    if town.turn("tried", TRIED):
        yield at, transfer(old, new, agent(town.agent()))
    if town.turn("in parts", IN_PARTS):
        part = old.unused // 2
        if took_effect((yield at + 60, transfer(old, new, SUPERVISOR, part))):
            old.unused, new.unused = old.unused - part, new.unused + part
    if took_effect((yield at + 180, transfer(old, new, SUPERVISOR))):
        old.unused, new.unused = 0, new.unused + old.unused


def transfer(old: Home, new: Home, sender: Sender, amount: int | None = None) -> Act:
    """Return the act of moving the unused discount, or a part of it."""
    return act(
        "discount.transfer",
        sender,
        from_=old.account,
        to=new.account,
        amount=None if amount is None else euros(amount),
    )
