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
from referral_core.entities.reversal import REVERSAL_LIFECYCLE
from referral_core.values.errors import Reason
from referral_core.values.lifecycle import Lifecycle
from tests.phrases import refused

# In each table: a state, an event, and what follows: the next state, or the reason of the refusal after an exclamation
# mark.

CONTRACT = """
concluded  | activate  | active
concluded  | withdraw  | withdrawn
concluded  | terminate | !contract-pending
concluded  | annul     | !contract-pending
active     | activate  | !contract-active
active     | withdraw  | !contract-active
active     | terminate | terminated
active     | annul     | annulled
terminated | activate  | !contract-ended
terminated | withdraw  | !contract-ended
terminated | terminate | !contract-ended
terminated | annul     | annulled
withdrawn  | activate  | !contract-ended
withdrawn  | withdraw  | !contract-ended
withdrawn  | terminate | !contract-ended
withdrawn  | annul     | !contract-ended
annulled   | activate  | !contract-ended
annulled   | withdraw  | !contract-ended
annulled   | terminate | !contract-ended
annulled   | annul     | !contract-ended
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
recorded  | hold         | held
recorded  | release      | !referral-held
recorded  | release due  | !referral-held
recorded  | void         | void
held      | grant        | held
held      | cancel       | cancelled
held      | change group | held
held      | hold         | !referral-held
held      | release      | recorded
held      | release due  | granted
held      | void         | void
granted   | grant        | !contract-active
granted   | cancel       | cancelled
granted   | change group | !contract-active
granted   | hold         | held
granted   | release      | !referral-held
granted   | release due  | !referral-held
granted   | void         | void
void      | grant        | void
void      | cancel       | void
void      | change group | !referral-void
void      | hold         | !referral-void
void      | release      | !referral-void
void      | release due  | !referral-void
void      | void         | !referral-void
cancelled | grant        | !contract-ended
cancelled | cancel       | !contract-ended
cancelled | change group | !contract-ended
cancelled | hold         | !contract-ended
cancelled | release      | !contract-ended
cancelled | release due  | !contract-ended
cancelled | void         | !contract-ended
"""

GRANT = """
due           | send          | sending
due           | go unanswered | due
due           | be found      | granted
due           | be missing    | due
due           | be refused    | due
due           | hold          | held
due           | release       | due
due           | void          | void
sending       | send          | uncertain
sending       | go unanswered | uncertain
sending       | be found      | granted
sending       | be missing    | due
sending       | be refused    | due
sending       | hold          | held-in-doubt
sending       | release       | sending
sending       | void          | void-in-doubt
uncertain     | send          | uncertain
uncertain     | go unanswered | uncertain
uncertain     | be found      | granted
uncertain     | be missing    | due
uncertain     | be refused    | uncertain
uncertain     | hold          | held-in-doubt
uncertain     | release       | uncertain
uncertain     | void          | void-in-doubt
granted       | send          | granted
granted       | go unanswered | granted
granted       | be found      | granted
granted       | be missing    | granted
granted       | be refused    | granted
granted       | hold          | granted
granted       | release       | granted
granted       | void          | granted
held          | send          | held
held          | go unanswered | held
held          | be found      | granted
held          | be missing    | held
held          | be refused    | held
held          | hold          | held
held          | release       | due
held          | void          | void
held-in-doubt | send          | held-in-doubt
held-in-doubt | go unanswered | held-in-doubt
held-in-doubt | be found      | granted
held-in-doubt | be missing    | held
held-in-doubt | be refused    | held-in-doubt
held-in-doubt | hold          | held-in-doubt
held-in-doubt | release       | uncertain
held-in-doubt | void          | void-in-doubt
void          | send          | void
void          | go unanswered | void
void          | be found      | granted
void          | be missing    | void
void          | be refused    | void
void          | hold          | void
void          | release       | void
void          | void          | void
void-in-doubt | send          | void-in-doubt
void-in-doubt | go unanswered | void-in-doubt
void-in-doubt | be found      | granted
void-in-doubt | be missing    | void
void-in-doubt | be refused    | void-in-doubt
void-in-doubt | hold          | void-in-doubt
void-in-doubt | release       | void-in-doubt
void-in-doubt | void          | void-in-doubt
"""

REVERSAL = """
waiting    | grant be found | due
waiting    | send           | waiting
waiting    | fail           | waiting
waiting    | be confirmed   | taken-back
due        | grant be found | due
due        | send           | sending
due        | fail           | due
due        | be confirmed   | taken-back
sending    | grant be found | sending
sending    | send           | sending
sending    | fail           | due
sending    | be confirmed   | taken-back
taken-back | grant be found | taken-back
taken-back | send           | taken-back
taken-back | fail           | taken-back
taken-back | be confirmed   | taken-back
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
    (REVERSAL_LIFECYCLE, REVERSAL),
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


@pytest.mark.rule("B2", "B9", "B10", "B11", "C3", "C4", "C5", "C11", "D7", "D8", "K3", "S7")
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
        (CONTRACT_LIFECYCLE, "annulled"),
        (CONTRACT_LIFECYCLE, "withdrawn"),
        (CODE_LIFECYCLE, "ended"),
        (REFERRAL_LIFECYCLE, "void"),
        (REFERRAL_LIFECYCLE, "cancelled"),
        (GRANT_LIFECYCLE, "granted"),
        (REVERSAL_LIFECYCLE, "taken-back"),
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
