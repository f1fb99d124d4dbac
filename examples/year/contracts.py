"""A sign-up, and what becomes of its contract: corrected by staff, withdrawn or activated, ended early, moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from examples.year.events import (
    BILLING,
    PORTAL,
    SUPERVISOR,
    Act,
    Result,
    Sender,
    Story,
    act,
    agent,
    cents,
    euros,
    took_effect,
)
from examples.year.seasons import DAY, local_day, midnight, office_time, start_of_supply, written
from examples.year.town import SHARERS, Home, Town

# Four in a hundred use their right to withdraw within 14 days.
WITHDRAWN: Final = 0.04

# Of the referred customers one in 20 leaves within three months of the discount.
EARLY_ENDS: Final = 20
EARLY_DAYS: Final = (20, 85)

# In one of 8 referrals the referrer moves house while the friend's contract has not begun.
MOVES: Final = 8

# One in 14 sign-ups through staff without a code gets one later; for every third of these staff honour the moment
# at which the customer had started in self-service.
FORGOTTEN: Final = 14
HONOURED_LATER: Final = 3

# One in 8 referrals through staff is given the self-service amount.
REGROUPED: Final = 8

# A customer calls in the first week; a contract begins after two weeks at the earliest.
CORRECTION_DAYS: Final = (1, 7)

# A supervisor looks every ten days or so, up to nine times, whether a discount waits on the account that ended.
LOOKS: Final = 9
LOOK_DAYS: Final = (7, 12)

# In every third transfer only a part is moved first; before every fourth an agent tries, who may not.
IN_PARTS: Final = 3
TRIED: Final = 4


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral as the retailer knows it: the referrer, and both amounts in cents."""

    referrer: Home
    referrer_cents: int
    referee_cents: int


@dataclass(slots=True, eq=False)
class SignUp:
    """A contract being concluded, which begins at ``starts``."""

    home: Home
    contract: str
    channel: str
    at: int
    starts: int
    product: str = "electricity"
    referral: Referral | None = None

    def conclude(self, sender: Sender, code: str | None = None, **more: object) -> Act:
        """Return the act of concluding it, with a code or without."""
        return act(
            "contract.concluded",
            sender,
            contract=self.contract,
            account=self.home.account,
            customer=self.home.customer,
            product=None if self.product == "electricity" else self.product,
            segment=None if self.home.is_household else self.home.segment,
            starts_on=local_day(self.starts).isoformat(),
            channel=self.channel,
            code=code,
            first_name=self.home.first_name if self.home.is_household else None,
            **more,
        )

    def concluded(self, town: Town, code: str | None, result: Result) -> None:
        """Note the result of concluding: a code of the home's own, a referral."""
        town.learn(self.home, result)
        self.referral = referral_in(town, code, result)
        if self.referral is not None:
            town.used(self.referral.referrer)


def referral_in(town: Town, code: str | None, result: Result) -> Referral | None:
    """Return the referral that a result reports, or ``None`` when the code was not usable."""
    referrer = town.owner(code) if code is not None else None
    if referrer is None or result.get("usable") is not True or result.get("outcome") != "done":
        return None
    return Referral(referrer, cents(result["referrer_amount"]), cents(result["referee_amount"]))


def life(town: Town, signup: SignUp) -> Story:
    """Tell the rest of a sign-up, from the day after its conclusion."""
    if town.rng.random() < WITHDRAWN:
        yield signup.at + town.rng.randint(1, 13) * DAY, act("contract.withdrawn", BILLING, contract=signup.contract)
        return
    if signup.referral is not None and town.turn("move", MOVES):
        town.start(moving(town, signup.referral.referrer, signup.at + DAY))
    yield from corrected(town, signup)
    yield from activated(town, signup)
    home = signup.home
    if home.is_household and town.rng.random() < SHARERS:
        town.sharers.append(home)
    if signup.referral is not None and town.turn("early end", EARLY_ENDS):
        yield from ended_early(town, signup)


def activated(town: Town, signup: SignUp) -> Story:
    """Let the contract begin, which grants both sides their discount."""
    result = yield signup.starts, act("contract.activated", BILLING, contract=signup.contract)
    if not took_effect(result):
        return
    town.learn(signup.home, result)
    signup.home.activate(signup.contract)
    if signup.referral is not None:
        signup.home.unused += signup.referral.referee_cents
        signup.referral.referrer.unused += signup.referral.referrer_cents


def ended_early(town: Town, signup: SignUp) -> Story:
    """End the contract soon after the discount, and let a supervisor note a fee."""
    ends = midnight(signup.starts, town.rng.randint(*EARLY_DAYS))
    yield ends, None
    if signup.contract not in signup.home.active or signup.referral is None:
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
            amount=euros(signup.referral.referee_cents),
            reason="terminated within three months of the discount",
        ),
    )


def corrected(town: Town, signup: SignUp) -> Story:
    """Let staff correct a sign-up, if anybody calls about it."""
    if signup.channel == "self-service" or not signup.home.is_household:
        return
    at = office_time(town.rng, signup.at, town.rng.randint(*CORRECTION_DAYS))
    if signup.referral is not None and town.turn("regrouped", REGROUPED):
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
    elif signup.referral is None and town.turn("forgotten", FORGOTTEN):
        yield from remembered(town, signup, at)


def remembered(town: Town, signup: SignUp, at: int) -> Story:
    """Add the code that the customer forgot to mention."""
    code = town.heard()
    if code is None:
        return
    honour = (
        {"moment": written(signup.at - town.rng.randint(1, 6) * DAY)} if town.turn("honoured", HONOURED_LATER) else None
    )
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
        signup.referral = referral_in(town, code, result)


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
    """Let a supervisor move the unused discount of the old account, once there is any."""
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
