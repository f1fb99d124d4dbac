"""Lifecycles: every event in every state, against tables written out here from the rules, not from the code."""

from __future__ import annotations

import enum
from itertools import product
from typing import Any

import attrs
import pytest

from referral_core.entities.case import CASE_LIFECYCLE
from referral_core.entities.contract import CONTRACT_LIFECYCLE
from referral_core.entities.discount_group import GROUP_LIFECYCLE
from referral_core.entities.grant import GRANT_LIFECYCLE
from referral_core.entities.promo_code import CODE_LIFECYCLE
from referral_core.entities.referral import REFERRAL_LIFECYCLE
from referral_core.values.errors import Reason
from referral_core.values.lifecycle import Lifecycle
from tests.phrases import refused

# In each table: a state, an event, and what follows: the next state, or the reason of the refusal after an exclamation
# mark.

CONTRACT = """
concluded  | activate  | active
concluded  | withdraw  | withdrawn
concluded  | terminate | !contract-pending
active     | activate  | !contract-active
active     | withdraw  | !contract-active
active     | terminate | terminated
terminated | activate  | !contract-ended
terminated | withdraw  | !contract-ended
terminated | terminate | !contract-ended
withdrawn  | activate  | !contract-ended
withdrawn  | withdraw  | !contract-ended
withdrawn  | terminate | !contract-ended
"""

PROMO_CODE = """
pending | start     | active
pending | end       | ended
pending | be shared | !code-pending
pending | be used   | !code-pending
active  | start     | active
active  | end       | ended
active  | be shared | active
active  | be used   | active
ended   | start     | !code-ended
ended   | end       | !code-ended
ended   | be shared | !code-ended
ended   | be used   | !code-ended
"""

DISCOUNT_GROUP = """
enabled  | enable  | enabled
enabled  | disable | disabled
disabled | enable  | enabled
disabled | disable | disabled
"""

REFERRAL = """
recorded  | grant        | granted
recorded  | cancel       | cancelled
recorded  | change group | recorded
granted   | grant        | !contract-active
granted   | cancel       | !contract-active
granted   | change group | !contract-active
cancelled | grant        | !contract-ended
cancelled | cancel       | !contract-ended
cancelled | change group | !contract-ended
"""

GRANT = """
due       | send          | sending
due       | go unanswered | due
due       | be found      | granted
due       | be missing    | due
due       | be refused    | due
sending   | send          | uncertain
sending   | go unanswered | uncertain
sending   | be found      | granted
sending   | be missing    | due
sending   | be refused    | due
uncertain | send          | uncertain
uncertain | go unanswered | uncertain
uncertain | be found      | granted
uncertain | be missing    | due
uncertain | be refused    | uncertain
granted   | send          | granted
granted   | go unanswered | granted
granted   | be found      | granted
granted   | be missing    | granted
granted   | be refused    | granted
"""

CASE = """
open      | finish  | finished
open      | abandon | abandoned
finished  | finish  | !case-closed
finished  | abandon | !case-closed
abandoned | finish  | !case-closed
abandoned | abandon | !case-closed
"""

AnyLifecycle = Lifecycle[Any, Any]

EXPECTED: list[tuple[AnyLifecycle, str]] = [
    (CONTRACT_LIFECYCLE, CONTRACT),
    (CODE_LIFECYCLE, PROMO_CODE),
    (GROUP_LIFECYCLE, DISCOUNT_GROUP),
    (REFERRAL_LIFECYCLE, REFERRAL),
    (GRANT_LIFECYCLE, GRANT),
    (CASE_LIFECYCLE, CASE),
]


def rows(table: str) -> list[tuple[str, str, str]]:
    """Return the rows of a table written as text."""
    split = (line.split("|") for line in table.strip().splitlines())
    return [(state.strip(), event.strip(), follows.strip()) for state, event, follows in split]


def every_row() -> list[Any]:
    return [
        pytest.param(lifecycle, *row, id=f"{lifecycle.name}: {' | '.join(row)}")
        for lifecycle, table in EXPECTED
        for row in rows(table)
    ]


@pytest.mark.rule("B2", "B9", "C3", "C4", "C5", "C11", "D7", "D8", "K3", "S7")
@pytest.mark.parametrize(("lifecycle", "state", "event", "follows"), every_row())
def test_every_event_in_every_state(lifecycle: AnyLifecycle, state: str, event: str, follows: str) -> None:
    before, happening = lifecycle.states(state), lifecycle.events(event)
    if follows.startswith("!"):
        with refused(follows[1:], naming=f"{lifecycle.name} 4711 is {state}: it cannot {event}"):
            lifecycle.after(before, happening, "4711")
    else:
        assert lifecycle.after(before, happening, "4711") is lifecycle.states(follows)


@pytest.mark.rule("B2", "C11", "D8", "K3", "S7")
@pytest.mark.parametrize(("lifecycle", "table"), EXPECTED, ids=lambda value: getattr(value, "name", ""))
def test_nothing_falls_through(lifecycle: AnyLifecycle, table: str) -> None:
    told = {(state, event) for state, event, _ in rows(table)}
    states, events = lifecycle.states.__members__.values(), lifecycle.events.__members__.values()
    assert set(product(states, events)) == told
    assert set(lifecycle.table) == told
    assert all(isinstance(follows, (lifecycle.states, Reason)) for follows in lifecycle.table.values())


@pytest.mark.rule("B2", "K3", "S7")
@pytest.mark.parametrize(
    ("lifecycle", "last"),
    [
        (CONTRACT_LIFECYCLE, "terminated"),
        (CONTRACT_LIFECYCLE, "withdrawn"),
        (CODE_LIFECYCLE, "ended"),
        (REFERRAL_LIFECYCLE, "granted"),
        (REFERRAL_LIFECYCLE, "cancelled"),
        (GRANT_LIFECYCLE, "granted"),
        (CASE_LIFECYCLE, "finished"),
        (CASE_LIFECYCLE, "abandoned"),
    ],
)
def test_from_where_a_lifecycle_ends_nothing_leads_away(lifecycle: AnyLifecycle, last: str) -> None:
    following = {lifecycle.table[lifecycle.states(last), event] for event in lifecycle.events}
    assert all(isinstance(follows, Reason) or follows == last for follows in following)


# ── the table itself ──────────────────────────────────────────────────────────────────────────────────────────────────


class Lamp(enum.StrEnum):
    OFF = "off"
    ON = "on"


class Switch(enum.StrEnum):
    PRESS = "press"
    SMASH = "smash"


WHOLE: dict[tuple[Lamp, Switch], Lamp | Reason] = {
    (Lamp.OFF, Switch.PRESS): Lamp.ON,
    (Lamp.OFF, Switch.SMASH): Reason.NOT_ALLOWED,
    (Lamp.ON, Switch.PRESS): Lamp.OFF,
    (Lamp.ON, Switch.SMASH): Reason.NOT_ALLOWED,
}


def test_a_whole_table_makes_a_lifecycle() -> None:
    lamp = Lifecycle[Lamp, Switch]("lamp", Lamp, Switch, WHOLE)
    assert lamp.after(Lamp.OFF, Switch.PRESS, "the lamp") is Lamp.ON
    with refused("not-allowed", naming="lamp in the hall is on: it cannot smash"):
        lamp.after(Lamp.ON, Switch.SMASH, "in the hall")


@pytest.mark.parametrize("left_out", WHOLE, ids=str)
def test_a_table_that_leaves_something_out_is_no_lifecycle(left_out: tuple[Lamp, Switch]) -> None:
    table = {pair: follows for pair, follows in WHOLE.items() if pair != left_out}
    with pytest.raises(ValueError, match="the lifecycle of a lamp says nothing about") as caught:
        Lifecycle[Lamp, Switch]("lamp", Lamp, Switch, table)
    assert repr(left_out) in str(caught.value)


def test_a_table_without_anything_names_everything_it_leaves_out() -> None:
    with pytest.raises(ValueError, match="lamp") as caught:
        Lifecycle[Lamp, Switch]("lamp", Lamp, Switch, {})
    assert all(repr(pair) in str(caught.value) for pair in WHOLE)


def test_a_lifecycle_never_changes() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        CASE_LIFECYCLE.name = "another"  # type: ignore[misc]  # it is frozen
