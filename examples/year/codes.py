"""Codes by hand: issued to firms, replaced by a word of one's own, and ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from examples.year.events import SUPERVISOR, Story, act, agent, took_effect
from examples.year.seasons import MINUTE, midnight, office_time, written

if TYPE_CHECKING:
    from examples.year.home import Home
    from examples.year.town import Town

# Every third code that is ended by hand ends at a planned midnight; every second is followed by a new one by hand.
PLANNED: Final = 3
FORGIVEN: Final = 2
FORGIVING_DAYS: Final = (20, 40)


def issued_to_firm(town: Town, at: int) -> Story:
    """Issue a random code to a small firm, which gets none by itself."""
    home = town.pick(lambda home: not home.is_household and bool(home.active) and home.code is None)
    if home is not None:
        reason = "the firm recommends us to its staff"
        result = yield at, act("code.issue", agent(town.agent()), account=home.account, reason=reason)
        town.learn(home, result)
        town.sharers.append(home)


def replaced(town: Town, at: int) -> Story:
    """Replace a code by a word that the customer chose; when it is taken, by another."""
    home = town.pick(lambda home: home.is_household and bool(home.active) and home.code is not None)
    if home is not None:
        reason = "the customer wants a word that is easy to say"
        for again in range(2):
            word = town.word(home)
            result = yield (
                at + again * MINUTE,
                act("code.issue", SUPERVISOR, account=home.account, code=word, replace=True, reason=reason),
            )
            if took_effect(result):
                town.learn(home, result)
                return


def withdrawn(town: Town, at: int) -> Story:
    """End the code of some customer who asks for it."""
    home = town.pick(lambda home: home.is_household and bool(home.active) and home.code is not None)
    if home is not None:
        yield from ended(town, home, at, "the customer does not want to be recommended")


def ended(town: Town, home: Home, at: int, reason: str) -> Story:
    """Let a supervisor end a code, at once or at a planned midnight, and later perhaps think better of it."""
    planned = midnight(at, 7) if town.turn("planned", PLANNED) else None
    code = home.code
    yield at, act("code.end", SUPERVISOR, code=code, at=None if planned is None else written(planned), reason=reason)
    home.code = None
    yield from forgiven(town, home, office_time(town.rng, at, town.rng.randint(*FORGIVING_DAYS)))


def forgiven(town: Town, home: Home, at: int) -> Story:
    """Let a supervisor issue a new code after one was ended, if the customer asks."""
    yield at, None
    if home.active and home.code is None and town.turn("forgiven", FORGIVEN):
        reason = "the customer asked for a new one"
        town.learn(home, (yield at, act("code.issue", SUPERVISOR, account=home.account, reason=reason)))
