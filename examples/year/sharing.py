"""Customers who pass their code on: a minority, by several means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from examples.year.events import act, customer, took_effect
from examples.year.town import SHARERS

if TYPE_CHECKING:
    from examples.year.events import Story
    from examples.year.home import Home
    from examples.year.town import Town

# Four in ten shares copy the link, three in ten use the share sheet of a telephone.
MEANS: Final = ("link", "app", "e-mail", "sms")
MEANS_WEIGHTS: Final = (40, 30, 15, 15)

# Who shares does so about two and a half times in the year.
SHARES_EACH: Final = 2.5


def gathered(town: Town, at: int) -> Story:
    """Find out, as the year begins, who of the customers so far will share."""
    yield at, None
    for home in town.homes:
        if home.code is not None and home.active and town.rng.random() < SHARERS:
            town.sharers.append(home)


def shared(town: Town, at: int) -> Story:
    """Let one of those who share do it once more."""
    if town.sharers:
        yield from passed_on(town, town.rng.choice(town.sharers), at)


def passed_on(town: Town, home: Home, at: int) -> Story:
    """Let a home share its code, if it has one."""
    if home.code is None:
        return
    (means,) = town.rng.choices(MEANS, weights=MEANS_WEIGHTS)
    if took_effect((yield at, act("code.shared", customer(home.customer), code=home.code, means=means))):
        town.pass_on(home)
