"""Customers: those of before the year, newcomers with and without a code, and those who leave and come back."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from examples.year.contracts import SignUp, activated, left, life
from examples.year.events import PORTAL, Act, Result, Sender, Step, Story, act, agent, customer, took_effect
from examples.year.office import DISTRIBUTORS_FROM
from examples.year.seasons import (
    AT_HOME,
    DAY,
    HOUR,
    MINUTE,
    local_day,
    midnight,
    office_time,
    some_time,
    start_of_supply,
    written,
)
from examples.year.town import Home, Town

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

# One customer in 25 has a second account, for a summer house; one household in eight takes gas too.
SECOND_ACCOUNTS: Final = 25
WITH_GAS: Final = 0.12

# Six in ten came through self-service.
IN_SELF_SERVICE: Final = 0.6
LATER_DAYS: Final = (70, 260)

# Every fifth who leaves comes back after one to four months; every second of them tries a friend's code, which is for
# new customers only.
BACK: Final = 5
BACK_DAYS: Final = (30, 120)
BACK_WITH_CODE: Final = 2

# Every tenth who takes a second product tries a friend's code with it, which is for new customers and electricity only.
MORE_WITH_CODE: Final = 10

# Staff call back within a week. One case in three is abandoned; one finished case in five is finished twice.
CALL_DAYS: Final = (1, 6)
ABANDONED: Final = 3
TWICE: Final = 5

# One in eight who checks a code mistypes it first.
MISTYPED_CHECK: Final = 0.12


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


def leaving(town: Town, at: int) -> Story:
    """Let the contracts of some home end at a coming midnight."""
    ends = midnight(at, 1)
    yield ends, None
    home = town.pick(lambda home: bool(home.active))
    if home is None:
        return
    yield from left(home, ends)
    if home.is_household and town.turn("back", BACK):
        back = some_time(town.rng, local_day(ends + town.rng.randint(*BACK_DAYS) * DAY), AT_HOME)
        yield back, None
        if not home.active:
            code = town.heard() if town.turn("back with code", BACK_WITH_CODE) else None
            yield from in_self_service(town, home, back, code)


def one_more_product(town: Town, at: int) -> Story:
    """Let some household take gas too."""
    home = town.pick(lambda home: home.is_household and len(home.active) == 1)
    if home is not None:
        code = town.heard() if town.turn("more with code", MORE_WITH_CODE) else None
        yield from in_self_service(town, home, at, code, "gas")


def failed(town: Town, home: Home, at: int, code: str | None) -> Story:
    """Open a case for a sign-up that failed at the portal, and let staff deal with it."""
    case = f"CASE-{home.number:06}"
    segment = None if home.is_household else home.segment
    yield at, act("case.open", PORTAL, case=case, customer=home.customer, code=code, segment=segment)
    called = office_time(town.rng, at, town.rng.randint(*CALL_DAYS))
    if town.turn("abandoned", ABANDONED):
        yield called, act("case.abandon", agent(town.agent()), case=case)
        return
    signup = SignUp(home, home.next_contract(), "sales-portal", called, start_of_supply(town.rng, called))
    finish = finished(town, signup, case)
    result = yield called, finish
    if not took_effect(result):
        return
    signup.concluded(town, code, result)
    if town.turn("twice", TWICE):
        signup.at += HOUR
        yield signup.at, finish
    yield from life(town, signup)


def finished(town: Town, signup: SignUp, case: str) -> Act:
    """Return the act of finishing a case as a sign-up."""
    home = signup.home
    return act(
        "case.finish",
        agent(town.agent()),
        case=case,
        contract=signup.contract,
        account=home.account,
        customer=home.customer,
        segment=None if home.is_household else home.segment,
        starts_on=local_day(signup.starts).isoformat(),
    )


def check(home: Home, code: str, channel: str, sender: Sender) -> Act:
    """Return the act of checking a code for the people of a home."""
    return act(
        "code.check",
        sender,
        code=code,
        channel=channel,
        customer=home.customer,
        segment=None if home.is_household else home.segment,
    )


def checked(town: Town, home: Home, at: int, code: str) -> Generator[Step, Result, int]:
    """Check a code at the portal, if need be twice, and return the moment after it."""
    said = [town.mistyped(code), code] if town.rng.random() < MISTYPED_CHECK else [code]
    for word in said:
        yield at, check(home, word, "self-service", customer(home.customer))
        at += town.rng.randint(MINUTE, 6 * MINUTE)
    return at


def curious(town: Town, at: int) -> Story:
    """Check a code without saying who asks, and leave it at that."""
    code = town.heard()
    if code is not None:
        visitor = customer(f"visitor-{town.rng.randrange(10**8):08}")
        yield at, act("code.check", visitor, code=code, channel="self-service")
