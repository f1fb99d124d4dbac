"""The programme and its store: what the store lacks of it, and the act that adds that (P5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.trace import PROGRAMME_SUBJECT
from referral_core.programme.programme import Programme
from referral_core.services.context import BoundService
from referral_core.values.arguments import ReasonText
from referral_core.values.errors import Reason, Refusal
from referral_core.values.name import compared_name

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories


@attrs.frozen
class GroupDifference:
    """A group that the store has with another name or another side than the programme; the store keeps its own.

    ``field`` is ``name`` or ``side``.
    """

    group: str
    field: str
    in_programme: str
    in_store: str


@attrs.frozen
class NameTaken:
    """A missing group that cannot be added, because another group of the store has its name."""

    group: str
    name: str
    owner: str


@attrs.frozen
class ProgrammeDiff:
    """The differences between a programme and its store.

    ``missing`` are the groups that the programme names and the store does not have, as they would be added; while the
    name of one is ``taken`` by another group, nothing can be added. ``different`` are the groups of both that differ,
    and ``others`` the ids of groups that the store has and the programme does not name; applying the programme changes
    none of these.
    """

    missing: tuple[DiscountGroup, ...] = ()
    taken: tuple[NameTaken, ...] = ()
    different: tuple[GroupDifference, ...] = ()
    others: tuple[str, ...] = ()

    @classmethod
    def between(cls, programme: Programme, groups: Sequence[DiscountGroup]) -> ProgrammeDiff:
        """Return the differences between a programme and the groups of its store."""
        there = {group.id: group for group in groups}
        owners = {compared_name(group.name): group for group in groups}
        named = programme.initial_groups()
        missing = [group for group in named if group.id not in there]
        clashes = [(group, owners[name]) for group in missing if (name := compared_name(group.name)) in owners]
        return cls(
            missing=tuple(missing),
            taken=tuple([NameTaken(group.id, group.name, other.id) for group, other in clashes]),
            different=tuple(
                [
                    GroupDifference(group.id, field, wanted, present)
                    for group in named
                    if group.id in there
                    for field, wanted, present in _fields(group, there[group.id])
                    if wanted != present
                ]
            ),
            others=tuple([group.id for group in groups if group.id not in {each.id for each in named}]),
        )

    @property
    def is_empty(self) -> bool:
        """Tell whether the store has every group as the programme names it; it may have others too."""
        return not (self.missing or self.different)


class Programmes(BoundService):
    """The acts on the programme of a store."""

    @act("programme.diff", least=Role.ADMINISTRATOR, reads=True)
    def diff(self) -> ProgrammeDiff:
        """Return the differences between the programme and its store: what applying it would add (P5).

        Nothing is changed.

        :raises Refusal: ``not-allowed``.
        """
        return ProgrammeDiff.between(self._programme, self._ports.groups.all())

    @act("programme.apply", least=Role.ADMINISTRATOR)
    def apply(self, *, reason: ReasonText | None = None) -> ProgrammeDiff:
        """Add the groups to the store that the programme names and the store does not have (P5, D2).

        Returns the differences before; its ``missing`` groups were added. They have no amounts yet. No group is
        removed, renamed or moved to another side. All are added, or none.

        :raises Refusal: ``not-allowed``, ``group-exists`` when another group has the name of a missing one.
        """
        found = self.diff()
        if found.taken:
            each = found.taken[0]
            raise Refusal(
                Reason.GROUP_EXISTS,
                message=f"the group {each.owner} of the store has the name of the missing group {each.group}",
                field="group",
            )
        for group in found.missing:
            self._context.save(group, act="group.add", reason=reason)
        if found.missing:
            added = {group.id: group.side.value for group in found.missing}
            self._context.note(PROGRAMME_SUBJECT, "programme.apply", added, reason)
        return found


def missing_groups(programme: Programme, ports: Repositories) -> tuple[str, ...]:
    """Return the ids of the groups that the programme names and the store does not have (P5)."""
    return tuple([group.id for group in ProgrammeDiff.between(programme, ports.groups.all()).missing])


def _fields(wanted: DiscountGroup, present: DiscountGroup) -> tuple[tuple[str, str, str], ...]:
    return ("name", wanted.name, present.name), ("side", wanted.side.value, present.side.value)
