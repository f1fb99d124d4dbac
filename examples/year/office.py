"""The back office: tariffs, the monthly bills, and the mistakes that the rules refuse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from examples.year.events import ADMINISTRATOR, BILLING, SUPERVISOR, Act, Story, act, agent, euros
from examples.year.seasons import HOUR, YEAR, moment
from examples.year.town import Home, Town

GROUP: Final = "referee-distributor"
DISTRIBUTORS_FROM: Final = moment(date(YEAR, 3, 10))

# Bills go out in the night to the 6th, for the month before; a run takes four hours.
RUN_DAY: Final = 6
RUN_HOURS: Final = 4

# What is used in a month against a usual one, January to December: heating and darkness.
CONSUMPTION: Final = (1.55, 1.45, 1.25, 0.95, 0.75, 0.65, 0.60, 0.65, 0.80, 1.00, 1.20, 1.50)
NOISE: Final = 0.15


def amount(group: str, euros: str, starts: date, until: date | None = None, reason: str | None = None) -> Act:
    """Return the act of setting an amount; with a reason it is a correction."""
    return act(
        "amount.set",
        ADMINISTRATOR,
        group=group,
        amount=euros,
        from_=starts.isoformat(),
        until=None if until is None else until.isoformat(),
        correction=None if reason is None else True,
        reason=reason,
    )


# Amounts start modestly; the referrer's rises in March, both newcomers' in September. May is the campaign month.
DIARY: Final = (
    (date(YEAR - 1, 12, 9), amount("referrer", "15.00", date(YEAR, 1, 1))),
    (date(YEAR - 1, 12, 9), amount("referee-self-service", "15.00", date(YEAR, 1, 1))),
    (date(YEAR - 1, 12, 9), amount("referee-manual", "10.00", date(YEAR, 1, 1))),
    (date(YEAR, 2, 10), amount("referrer", "20.00", date(YEAR, 3, 1))),
    (date(YEAR, 3, 3), act("group.add", ADMINISTRATOR, group=GROUP, side="referee", name="Distributor sign-ups")),
    (date(YEAR, 3, 4), amount(GROUP, "12.00", date(YEAR, 3, 10))),
    (date(YEAR, 4, 14), amount("referee-self-service", "30.00", date(YEAR, 5, 1), date(YEAR, 5, 31))),
    (date(YEAR, 6, 9), act("group.rename", ADMINISTRATOR, group=GROUP, name="Partner shops")),
    (date(YEAR, 7, 1), act("group.disable", ADMINISTRATOR, group=GROUP)),
    (date(YEAR, 8, 11), amount("referee-self-service", "20.00", date(YEAR, 9, 1))),
    (date(YEAR, 8, 11), amount("referee-manual", "12.00", date(YEAR, 9, 1))),
    (date(YEAR, 8, 18), act("group.enable", ADMINISTRATOR, group=GROUP)),
    (date(YEAR, 9, 22), amount("referee-manual", "14.00", date(YEAR, 9, 1), date(YEAR, 9, 14), "the leaflet said 14")),
)


def tariffs() -> Story:
    """Tell the administrators' year, each entry at some minute after nine."""
    for minute, (day, entry) in enumerate(DIARY):
        yield moment(day, 9, minute * 60), entry


def billing_runs(town: Town) -> Story:
    """Tell the billing runs of the year, one a month."""
    for month in range(1, 13):
        yield from billing_run(town, month)


def billing_run(town: Town, month: int) -> Story:
    """Bill every account that was supplied since the last run."""
    starts = moment(date(YEAR, month, RUN_DAY), 1)
    yield starts, None
    billed = [home for home in town.homes if home.owing]
    for place, home in enumerate(billed):
        amount = bill_of(town, home, month)
        yield starts + place * RUN_HOURS * HOUR // len(billed), bill(home, month, amount)
        home.unused -= min(home.unused, amount)
        home.owing = bool(home.active)


def bill_of(town: Town, home: Home, month: int) -> int:
    """Return what a home owes for the month before, in cents."""
    season = CONSUMPTION[month - 2]
    return int(home.usual_bill * season * (1 + max(1, len(home.active)) * town.rng.uniform(-NOISE, NOISE)))


def bill(home: Home, month: int, amount: int) -> Act:
    """Return the act of issuing a bill."""
    number = f"BILL-{YEAR}-{month:02}-{home.number:06}"
    return act("bill.issued", BILLING, bill=number, account=home.account, amount=euros(amount))


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
