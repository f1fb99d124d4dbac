"""Actors: who asks, in which role, and for which segments."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given

from referral_core.entities.actor import Actor, Role
from referral_core.values.errors import ArgumentInvalid
from tests.phrases import actor, refused
from tests.strategies import actors


@pytest.mark.rule("A1")
def test_the_roles_stand_in_order_each_above_the_one_before() -> None:
    assert [role.value for role in Role] == ["customer", "agent", "supervisor", "administrator", "system"]


@pytest.mark.rule("A1", "A2")
@pytest.mark.parametrize(
    ("role", "is_person"),
    [("customer", True), ("agent", True), ("supervisor", True), ("administrator", True), ("system", False)],
)
def test_everybody_but_a_system_is_a_person(role: str, is_person: bool) -> None:
    assert actor(role).is_person is is_person


@pytest.mark.rule("A1")
def test_a_system_is_not_limited() -> None:
    assert Actor.system() == Actor("system", Role.SYSTEM, None)
    assert Actor.system("portal") == Actor("portal")
    assert Actor("portal").role is Role.SYSTEM


@pytest.mark.rule("A1")
def test_an_actor_is_limited_to_segments_or_not() -> None:
    assert actor().segments is None
    assert Actor("Mari", Role.AGENT, frozenset({"household"})).segments == frozenset({"household"})


@pytest.mark.rule("A1")
@given(actors())
def test_an_actor_never_changes(somebody: Actor) -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        somebody.role = Role.SYSTEM  # type: ignore[misc]  # it is frozen
    assert attrs.evolve(somebody) == somebody
    assert hash(attrs.evolve(somebody)) == hash(somebody)


@pytest.mark.rule("D2")
def test_limits_of_actors_are_compared_as_they_are_meant() -> None:
    first, second = "Ma\u0308nd", "M\u00e4nd"
    shop = Actor("shop", Role.AGENT, segments={first}, channels=[first])
    assert shop.segments == shop.channels == frozenset({second})
    assert shop.serves(second)
    for wrong in ("household", 17):
        with pytest.raises(ArgumentInvalid, match="segments: must be a set of texts"):
            Actor("shop", Role.AGENT, segments=wrong)  # type: ignore[arg-type] # what the types forbid
    for unfit in ("\u200b", ""):
        with refused("name-invalid", field="actor"):
            Actor(unfit)
        with refused("name-invalid", field="channels"):
            Actor("shop", Role.AGENT, channels=frozenset({unfit}))
