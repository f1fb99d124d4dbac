"""Contracts: in force from activation up to, and without, the moment they end."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given

from referral_core.entities.contract import Contract, ContractStatus
from tests.phrases import TICK, at, contract, refused
from tests.strategies import contracts, days, ticks

if TYPE_CHECKING:
    from collections.abc import Callable

CONCLUDED = contract(concluded="2021-01-15 12:00")
WITHDRAWN = contract(concluded="2021-01-15 12:00", withdrawn="2021-01-20")
ACTIVE = contract(concluded="2021-01-15 12:00", activated="2021-02-01")
TERMINATED = contract(concluded="2021-01-15 12:00", activated="2021-02-01", terminated="2021-06-01")

STAGES = {
    ContractStatus.CONCLUDED: CONCLUDED,
    ContractStatus.WITHDRAWN: WITHDRAWN,
    ContractStatus.ACTIVE: ACTIVE,
    ContractStatus.TERMINATED: TERMINATED,
}


# ── what it is at a moment ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("M2", "S1")
def test_a_contract_is_active_from_its_activation_up_to_its_termination() -> None:
    assert not TERMINATED.is_active_at(at("2021-01-15 12:00"))
    assert not TERMINATED.is_active_at(at("2021-02-01") - TICK)
    assert TERMINATED.is_active_at(at("2021-02-01"))
    assert TERMINATED.is_active_at(at("2021-06-01") - TICK)
    assert not TERMINATED.is_active_at(at("2021-06-01"))


@pytest.mark.rule("S1")
def test_a_contract_that_nobody_terminated_stays_active() -> None:
    assert not ACTIVE.is_active_at(at("2021-02-01") - TICK)
    assert ACTIVE.is_active_at(at("2021-02-01"))
    assert ACTIVE.is_active_at(at("2099-01-01"))


@pytest.mark.rule("S1", "S2", "B1")
@pytest.mark.parametrize("never_active", [CONCLUDED, WITHDRAWN], ids=["concluded", "withdrawn"])
@pytest.mark.parametrize("moment", ["2021-01-15 12:00", "2021-01-20", "2099-01-01"])
def test_a_contract_that_never_activated_never_was_active(never_active: Contract, moment: str) -> None:
    assert not never_active.is_active_at(at(moment))
    assert not never_active.was_active_by(at(moment))


@pytest.mark.rule("S2")
@pytest.mark.parametrize("once_active", [ACTIVE, TERMINATED], ids=["active", "terminated"])
def test_a_contract_was_active_by_its_activation_and_ever_after(once_active: Contract) -> None:
    assert not once_active.was_active_by(at("2021-02-01") - TICK)
    assert once_active.was_active_by(at("2021-02-01"))
    assert once_active.was_active_by(at("2021-06-01"))
    assert once_active.was_active_by(at("2099-01-01"))


@pytest.mark.rule("C3", "C8")
@pytest.mark.parametrize(
    ("stage", "is_open"), [("concluded", True), ("active", True), ("terminated", False), ("withdrawn", False)]
)
def test_a_contract_is_open_until_it_is_terminated_or_withdrawn(stage: str, is_open: bool) -> None:
    assert STAGES[ContractStatus(stage)].is_open is is_open


@pytest.mark.rule("M2", "S1", "S2")
@given(contracts(), ticks())
def test_the_moments_say_what_the_status_says(told: Contract, moment: datetime) -> None:
    assert told.is_open == (told.status in ("concluded", "active"))
    assert (told.activated_at is not None) == (told.status in ("active", "terminated"))
    assert told.is_active_at(moment) <= told.was_active_by(moment) <= (told.concluded_at <= moment)
    if told.ended_at and moment >= told.ended_at:
        assert not told.is_active_at(moment)


@pytest.mark.rule("B1")
@given(contracts(), days(), ticks())
def test_the_planned_first_day_decides_nothing(told: Contract, planned: date, moment: datetime) -> None:
    other = attrs.evolve(told, starts_on=planned)
    assert other.is_active_at(moment) == told.is_active_at(moment)
    assert other.was_active_by(moment) == told.was_active_by(moment)


# ── what happens to it ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C3", "B1")
def test_a_concluded_contract_activates() -> None:
    active = CONCLUDED.activated(at("2021-02-01"))
    assert (active.status, active.activated_at, active.ended_at) == (ContractStatus.ACTIVE, at("2021-02-01"), None)
    assert CONCLUDED.status is ContractStatus.CONCLUDED


@pytest.mark.rule("C3", "B9")
def test_a_concluded_contract_can_be_withdrawn() -> None:
    gone = CONCLUDED.withdrawn(at("2021-01-20"))
    assert (gone.status, gone.activated_at, gone.ended_at) == (ContractStatus.WITHDRAWN, None, at("2021-01-20"))


@pytest.mark.rule("C4")
def test_an_active_contract_can_be_terminated() -> None:
    gone = ACTIVE.terminated(at("2021-06-01"))
    assert (gone.status, gone.activated_at, gone.ended_at) == (
        ContractStatus.TERMINATED,
        at("2021-02-01"),
        at("2021-06-01"),
    )


@pytest.mark.rule("S10")
@pytest.mark.parametrize(
    ("act", "earliest"),
    [
        pytest.param(CONCLUDED.activated, "2021-01-15 12:00", id="activated before concluded"),
        pytest.param(CONCLUDED.withdrawn, "2021-01-15 12:00", id="withdrawn before concluded"),
        pytest.param(ACTIVE.terminated, "2021-02-01", id="terminated before activated"),
    ],
)
def test_nothing_happens_before_what_it_follows(act: Callable[[datetime], Contract], earliest: str) -> None:
    assert act(at(earliest)).id == "contract-B"
    with refused("moment-invalid", field="at", naming="contract-B"):
        act(at(earliest) - TICK)


@pytest.mark.rule("M2")
def test_a_contract_terminated_as_it_activated_was_active_at_no_moment() -> None:
    gone = ACTIVE.terminated(at("2021-02-01"))
    assert not gone.is_active_at(at("2021-02-01"))
    assert gone.was_active_by(at("2021-02-01"))


@pytest.mark.rule("C3", "C4", "B9")
@pytest.mark.parametrize(
    ("stage", "method", "reason"),
    [
        ("concluded", "terminated", "contract-pending"),
        ("active", "activated", "contract-active"),
        ("active", "withdrawn", "contract-active"),
        ("terminated", "activated", "contract-ended"),
        ("terminated", "withdrawn", "contract-ended"),
        ("terminated", "terminated", "contract-ended"),
        ("withdrawn", "activated", "contract-ended"),
        ("withdrawn", "withdrawn", "contract-ended"),
        ("withdrawn", "terminated", "contract-ended"),
    ],
)
@pytest.mark.parametrize("moment", ["2022-01-01", "2020-01-01"], ids=["late", "early"])
def test_what_its_state_does_not_allow_is_refused_whenever_it_is_said_to_be(
    stage: str, method: str, reason: str, moment: str
) -> None:
    with refused(reason, naming="contract-B"):
        getattr(STAGES[ContractStatus(stage)], method)(at(moment))


# ── as it is imported ─────────────────────────────────────────────────────────────────────────────────────────────────


def imported(concluded: str, activated: str | None = None, ended: str | None = None) -> Contract:
    return Contract.imported(
        id="contract-B",
        account="account-B",
        customer="B",
        product="electricity",
        segment="household",
        channel="self-service",
        concluded_at=at(concluded),
        activated_at=at(activated) if activated else None,
        ended_at=at(ended) if ended else None,
    )


@pytest.mark.rule("C2")
def test_an_imported_contract_is_what_it_would_have_become_here() -> None:
    assert imported("2021-01-15 12:00") == CONCLUDED
    assert imported("2021-01-15 12:00", None, "2021-01-20") == WITHDRAWN
    assert imported("2021-01-15 12:00", "2021-02-01") == ACTIVE
    assert imported("2021-01-15 12:00", "2021-02-01", "2021-06-01") == TERMINATED
    assert imported("2021-01-15", "2021-01-15", "2021-01-15").status is ContractStatus.TERMINATED


@pytest.mark.rule("C2", "M1")
@pytest.mark.parametrize(
    ("moments", "field"),
    [
        (("2021-01-15", "2021-01-14"), "activated_at"),
        (("2021-01-15", None, "2021-01-14"), "ended_at"),
        (("2021-01-15", "2021-02-01", "2021-01-31"), "ended_at"),
        (("2021-01-15", "2021-01-14", "2021-02-01"), "activated_at"),
    ],
)
def test_imported_moments_stand_in_order(moments: tuple[str, ...], field: str) -> None:
    with refused("moment-invalid", field=field, naming="contract-B"):
        imported(*moments)


@pytest.mark.rule("M1")
@pytest.mark.parametrize("field", ["concluded_at", "activated_at", "ended_at"])
def test_imported_moments_carry_a_zone(field: str) -> None:
    facts = {"concluded_at": at("2021-01-15"), "activated_at": at("2021-02-01"), "ended_at": at("2021-06-01")}
    naive: dict[str, Any] = {**facts, field: facts[field].replace(tzinfo=None)}
    with refused("moment-naive", field=field):
        Contract.imported(id="K", account="A", customer="C", product="gas", segment="household", channel="x", **naive)


@pytest.mark.rule("C2")
def test_a_contract_tells_when_it_came_to_be_as_it_is() -> None:
    moments = [stage.last_changed_at for stage in (CONCLUDED, WITHDRAWN, ACTIVE, TERMINATED)]
    assert moments == [at("2021-01-15 12:00"), at("2021-01-20"), at("2021-02-01"), at("2021-06-01")]


# ── a value's manners ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S9")
def test_a_contract_never_changes() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        ACTIVE.status = ContractStatus.TERMINATED  # type: ignore[misc]  # it is frozen
    assert contract() == contract()
    assert hash(contract()) == hash(contract())
    assert contract().warnings == ()


@pytest.mark.rule("R3")
def test_a_contract_is_known_as_far_as_it_had_come() -> None:
    told = contract(concluded="2021-01-15", activated="2021-02-01", terminated="2021-03-01")
    known = {
        "2021-01-14": None,
        "2021-01-15": contract(concluded="2021-01-15"),
        "2021-01-31": contract(concluded="2021-01-15"),
        "2021-02-01": contract(concluded="2021-01-15", activated="2021-02-01"),
        "2021-02-28": contract(concluded="2021-01-15", activated="2021-02-01"),
        "2021-03-01": told,
    }
    assert {moment: told.known_at(at(moment)) for moment in known} == known


@pytest.mark.rule("R3")
def test_a_withdrawn_contract_was_open_until_then() -> None:
    told = contract(concluded="2021-01-15", withdrawn="2021-02-01")
    assert told.known_at(at("2021-02-01") - TICK) == contract(concluded="2021-01-15")
    assert told.known_at(at("2021-02-01")) == told


@pytest.mark.rule("M4", "R3")
def test_a_contract_is_known_by_the_moments_of_recording() -> None:
    first, second, third, fourth = (at(f"2021-0{month}-01") for month in range(1, 5))
    concluded = attrs.evolve(contract(concluded="2021-01-01"), concluded_recorded_at=second)
    assert concluded.known_at(first) is None
    assert concluded.known_at(second) == concluded
    active = concluded.activated(first, third)
    assert (active.activated_recorded_at, active.known_at(second), active.known_at(third)) == (third, concluded, active)
    over = active.terminated(second, fourth)
    assert (over.ended_recorded_at, over.known_at(third), over.known_at(fourth)) == (fourth, active, over)
    assert [each.last_recorded_at for each in (concluded, active, over)] == [second, third, fourth]


@pytest.mark.rule("M4")
def test_a_fact_that_is_told_in_time_needs_no_moment_of_recording() -> None:
    first, second, third = (at(f"2021-0{month}-01") for month in range(1, 4))
    concluded = contract(concluded="2021-01-01")
    active = concluded.activated(second, second)
    withdrawn, over = concluded.withdrawn(third, third), active.terminated(third, third)
    assert {active.activated_recorded_at, withdrawn.ended_recorded_at, over.ended_recorded_at} == {None}
    assert [each.last_recorded_at for each in (concluded, active, over)] == [first, second, third]


@pytest.mark.rule("B10", "R3")
@pytest.mark.parametrize("ended", [False, True])
def test_an_annulment_that_is_told_late_is_known_from_its_recording(ended: bool) -> None:
    first, second, third, fourth, fifth = (at(f"2021-0{month}-01") for month in range(1, 6))
    active = contract(concluded="2021-01-01").activated(second)
    before = active.terminated(third) if ended else active
    annulled = before.annulled(fourth, fifth)
    assert (annulled.annulled_at, annulled.annulled_recorded_at) == (fourth, fifth)
    assert annulled.ended_at == (third if ended else fifth)
    assert [annulled.known_at(moment) for moment in (second, fourth, fifth - TICK)] == [active, before, before]
    assert annulled.known_at(fifth) == annulled
    assert annulled.last_recorded_at == fifth
    assert before.annulled(fourth, fourth).annulled_recorded_at is None
    assert not any(annulled.is_active_at(moment) for moment in (first, second, fourth, fifth))
