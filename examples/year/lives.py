"""What becomes of a concluded contract: withdrawn, or corrected by staff and activated, and sometimes ended early."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from examples.year.corrections import corrected
from examples.year.events import BILLING, SUPERVISOR, act, euros, took_effect
from examples.year.moves import moving
from examples.year.seasons import DAY, midnight, office_time
from examples.year.town import SHARERS

if TYPE_CHECKING:
    from examples.year.events import Story
    from examples.year.signup import SignUp
    from examples.year.town import Town

# Four in a hundred use their right to withdraw within 14 days.
WITHDRAWN: Final = 0.04

# Of the referred customers one in 20 leaves within three months of the discount.
EARLY_ENDS: Final = 20
EARLY_DAYS: Final = (20, 85)

# In one of 8 referrals the referrer moves house while the friend's contract has not begun.
MOVES: Final = 8


def life(town: Town, signup: SignUp) -> Story:
    """Tell the rest of a sign-up, from the day after it was concluded."""
    if town.rng.random() < WITHDRAWN:
        yield signup.at + town.rng.randint(1, 13) * DAY, act("contract.withdrawn", BILLING, contract=signup.contract)
        return
    if signup.bond is not None and town.turn("move", MOVES):
        town.start(moving(town, signup.bond.referrer, signup.at + DAY))
    yield from corrected(town, signup)
    yield from activated(town, signup)
    home = signup.home
    if home.is_household and town.rng.random() < SHARERS:
        town.sharers.append(home)
    if signup.bond is not None and town.turn("early end", EARLY_ENDS):
        yield from ended_early(town, signup)


def activated(town: Town, signup: SignUp) -> Story:
    """Let the contract begin, which grants both sides their discount."""
    result = yield signup.starts, act("contract.activated", BILLING, contract=signup.contract)
    if not took_effect(result):
        return
    town.learn(signup.home, result)
    signup.home.activate(signup.contract)
    if signup.bond is not None:
        signup.home.unused += signup.bond.referee_cents
        signup.bond.referrer.unused += signup.bond.referrer_cents


def ended_early(town: Town, signup: SignUp) -> Story:
    """Let the contract end soon after the discount, and a supervisor note the fee."""
    ends = midnight(signup.starts, town.rng.randint(*EARLY_DAYS))
    yield ends, None
    if signup.contract not in signup.home.active or signup.bond is None:
        return
    if not took_effect((yield ends, act("contract.terminated", BILLING, contract=signup.contract))):
        return
    signup.home.terminate(signup.contract)
    yield (
        office_time(town.rng, ends, town.rng.randint(3, 10)),
        act(
            "termination-fee.note",
            SUPERVISOR,
            contract=signup.contract,
            amount=euros(signup.bond.referee_cents),
            reason="terminated within three months of the discount",
        ),
    )
