"""What people and systems get wrong, and the rules refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from examples.year.events import ADMINISTRATOR, BILLING, SUPERVISOR, Act, act, agent
from examples.year.tariffs import GROUP

if TYPE_CHECKING:
    from collections.abc import Callable

    from examples.year.events import Story
    from examples.year.home import Home
    from examples.year.town import Town


def ends_a_code(home: Home) -> Act:
    """Let an agent end a code, which takes a supervisor."""
    return act("code.end", agent(7), code=home.code, reason="the customer asked")


def forgets_to_replace(home: Home) -> Act:
    """Let an agent issue a code to an account that has one."""
    return act("code.issue", agent(7), account=home.account, reason="the customer asked")


def activates_again(home: Home) -> Act:
    """Let billing send an activation again under a new id."""
    return act("contract.activated", BILLING, contract=home.active[0])


def comes_too_late(home: Home) -> Act:
    """Let an agent add a code to a contract that is active."""
    return act("code.attach", agent(9), contract=home.active[0], code=home.code)


def gives_no_reason(home: Home) -> Act:
    """Let a supervisor issue a code with a blank for a reason."""
    return act("code.issue", SUPERVISOR, account=home.account, replace=True, reason=" ")


def withdraws_late(home: Home) -> Act:
    """Let billing send a withdrawal for a contract that is active."""
    return act("contract.withdrawn", BILLING, contract=home.active[0])


def adds_a_group(_: Home) -> Act:
    """Let an administrator add a group that exists."""
    return act("group.add", ADMINISTRATOR, group="referee-manual", side="referee")


def sets_an_amount(_: Home) -> Act:
    """Let a supervisor set an amount, which takes an administrator."""
    return act("amount.set", SUPERVISOR, group=GROUP, amount="25.00")


SLIPS: Final[tuple[Callable[[Home], Act], ...]] = (
    ends_a_code,
    forgets_to_replace,
    activates_again,
    comes_too_late,
    gives_no_reason,
    withdraws_late,
    adds_a_group,
    sets_an_amount,
)


def slip(town: Town, at: int) -> Story:
    """Let somebody get something wrong about some home."""
    home = town.pick(lambda home: home.is_household and bool(home.active) and home.code is not None)
    if home is not None:
        yield at, town.rng.choice(SLIPS)(home)
