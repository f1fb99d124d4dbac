"""What staff put right between a sign-up and its activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from examples.year.events import act, agent, took_effect
from examples.year.seasons import DAY, office_time, written
from examples.year.signup import bond

if TYPE_CHECKING:
    from examples.year.events import Story
    from examples.year.signup import SignUp
    from examples.year.town import Town

# One in 14 sign-ups through staff without a code gets one later; for every third of these staff honour the moment
# at which the customer had started in self-service.
FORGOTTEN: Final = 14
HONOURED: Final = 3

# One in 8 referrals through staff is given the self-service amount.
REGROUPED: Final = 8

# A customer calls in the first week; a contract begins after two weeks at the earliest.
CALL_DAYS: Final = (1, 7)


def corrected(town: Town, signup: SignUp) -> Story:
    """Let staff correct a sign-up, if anybody calls about it."""
    if signup.channel == "self-service" or not signup.home.is_household:
        return
    at = office_time(town.rng, signup.at, town.rng.randint(*CALL_DAYS))
    if signup.bond is not None and town.turn("regrouped", REGROUPED):
        yield (
            at,
            act(
                "referral.change-group",
                agent(town.agent()),
                contract=signup.contract,
                group="referee-self-service",
                reason="the portal was down when the customer tried",
            ),
        )
    elif signup.bond is None and town.turn("forgotten", FORGOTTEN):
        yield from remembered(town, signup, at)


def remembered(town: Town, signup: SignUp, at: int) -> Story:
    """Add the code that the customer forgot to mention."""
    code = town.heard()
    if code is None:
        return
    honour = {"moment": written(signup.at - town.rng.randint(1, 6) * DAY)} if town.turn("honoured", HONOURED) else None
    result = yield (
        at,
        act(
            "code.attach",
            agent(town.agent()),
            contract=signup.contract,
            code=code,
            group="referee-self-service" if honour else None,
            honour=honour,
            reason="the portal's log shows the attempt" if honour else None,
        ),
    )
    if took_effect(result):
        signup.bond = bond(town, code, result)
