"""Self-service sign-ups that fail and are finished, or abandoned, as cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from examples.year.events import PORTAL, Act, act, agent, took_effect
from examples.year.lives import life
from examples.year.seasons import HOUR, local_day, office_time, start_of_supply
from examples.year.signup import SignUp

if TYPE_CHECKING:
    from examples.year.events import Story
    from examples.year.home import Home
    from examples.year.town import Town

# Staff call back within a week. One case in three is abandoned; one finished case in five is finished twice.
CALL_DAYS: Final = (1, 6)
ABANDONED: Final = 3
TWICE: Final = 5


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
