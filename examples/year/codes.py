"""Codes: shared, issued by hand, replaced by a word of the customer, ended, and abused."""

from __future__ import annotations

from typing import Final

from examples.year.contracts import SignUp, activated, life
from examples.year.events import BILLING, PORTAL, SUPERVISOR, Story, act, agent, customer, took_effect
from examples.year.seasons import DAY, HOUR, MINUTE, midnight, office_time, written
from examples.year.town import SHARERS, Home, Town

# Every third code that is ended by hand ends at a planned midnight; every second is followed by a new one by hand.
PLANNED: Final = 3
FORGIVEN: Final = 2
FORGIVING_DAYS: Final = (20, 40)

# Four in ten shares copy the link, three in ten use the share sheet of a telephone.
MEANS: Final = ("link", "app", "e-mail", "sms")
MEANS_WEIGHTS: Final = (40, 30, 15, 15)

# Who shares does so about two and a half times in the year.
SHARES_EACH: Final = 2.5

# A code on a coupon site: 14 uses in a day and a half, until a supervisor ends it.
BURST: Final = 14
BURST_HOURS: Final = 36

# Four flatmates refer one another in a row; the last one's code goes back to the first.
RING: Final = 4

# Six sign-ups with one code in three weeks, of which none begins and every second is withdrawn on the 13th day.
GHOSTS: Final = 6
GHOST_DAYS: Final = 3


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


def gathered(town: Town, at: int) -> Story:
    """Choose, at the beginning of the year, the customers who will share."""
    yield at, None
    for home in town.homes:
        if home.code is not None and home.active and town.rng.random() < SHARERS:
            town.sharers.append(home)


def shared(town: Town, at: int) -> Story:
    """Let one of the sharing customers share once more."""
    if town.sharers:
        yield from passed_on(town, town.rng.choice(town.sharers), at)


def passed_on(town: Town, home: Home, at: int) -> Story:
    """Let a home share its code, if it has one."""
    if home.code is None:
        return
    (means,) = town.rng.choices(MEANS, weights=MEANS_WEIGHTS)
    if took_effect((yield at, act("code.shared", customer(home.customer), code=home.code, means=means))):
        town.pass_on(home)


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
