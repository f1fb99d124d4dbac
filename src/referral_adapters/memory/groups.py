"""Discount groups in memory."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter

from referral_adapters.memory.journal import Change, History, Journal, removing, setting
from referral_core.entities.discount_group import DiscountGroup
from referral_core.values.errors import Reason, Refusal
from referral_core.values.history import Recorded
from referral_core.values.name import compared_name


class MemoryGroups:
    """Discount groups in memory: thread-safe, each call all or nothing; names are unique (D2).

    Names are compared by :func:`~referral_core.values.name.compared_name`. The periods of a group are disjoint (D3) by
    the timeline that holds them, so nothing of that is checked here.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._groups: dict[str, DiscountGroup] = {}
        self._named: dict[str, str] = {}
        self._history: History[DiscountGroup] = History(attrgetter("id"))

    def find(self, group: str) -> DiscountGroup | None:
        """Return the group of this id in its last state."""
        with self._lock:
            return self._groups.get(group)

    def all(self) -> tuple[DiscountGroup, ...]:
        """Return every group in its last state, in the order of adding."""
        with self._lock:
            return tuple(self._groups.values())

    def put(self, group: DiscountGroup, *, at: datetime) -> None:
        """Store a new group or the next state of a known one, and record the state at ``at``.

        :raises Refusal: ``group-exists`` when another group has the name at present (D2).
        """
        with self._lock:
            if self._named.get(compared_name(group.name), group.id) != group.id:
                raise Refusal(Reason.GROUP_EXISTS, message=f"another group is called {group.name!r}", field="name")
            self._journal.write(
                *self._naming(group),
                setting(self._groups, group.id, group),
                self._history.recording(group.id, group, at),
            )

    def history(self, group: str) -> tuple[Recorded[DiscountGroup], ...]:
        """Return every state of a group, first to last, with the moment of its recording (R3)."""
        with self._lock:
            return self._history.of(group)

    def _naming(self, group: DiscountGroup) -> list[Change]:
        name = compared_name(group.name)
        known = self._groups.get(group.id)
        if known is None:
            return [setting(self._named, name, group.id)]
        return [removing(self._named, compared_name(known.name)), setting(self._named, name, group.id)]
