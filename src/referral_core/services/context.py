"""What the services of one session share, and the base they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from referral_core.acts import Service
from referral_core.entities.actor import Actor
from referral_core.entities.trace_entry import State, TraceNote
from referral_core.programme.programme import Programme
from referral_core.services.drawing import Drawing
from referral_core.services.permissions import Permissions
from referral_core.values.moment import written

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories, Store


@attrs.frozen(kw_only=True, eq=False, slots=False)
class Context:
    """One actor, one now, one store.

    ``now`` is the moment of recording: of history and of the trace. ``known_at`` makes everything read as it was known
    then; who may read it goes by what is so today.
    """

    programme: Programme
    store: Store
    drawing: Drawing
    actor: Actor
    now: datetime
    known_at: datetime | None = None

    @cached_property
    def ports(self) -> Repositories:
        """What the services read, and write where writing is allowed."""
        if self.known_at is None:
            return self.store
        from referral_core.knowledge import Knowledge  # noqa: PLC0415 - most sessions know today

        return Knowledge(self.store, by=self.known_at)

    @cached_property
    def permissions(self) -> Permissions:
        """Who may do and see what, by what is so today."""
        return Permissions(self.store, self.programme, self.actor)

    def trace(
        self,
        subject: str,
        act: str,
        before: State | None,
        after: Mapping[str, str | None],
        reason: str | None = None,
        *,
        at: datetime | None = None,
        actor: Actor | None = None,
    ) -> None:
        """Add a row to a subject's chain, recorded now; a fact that happened earlier says when, as ``at`` (M4, A2)."""
        self.store.trace.append(self.note(subject, act, before, after, reason, at=at, actor=actor))

    def note(
        self,
        subject: str,
        act: str,
        before: State | None,
        after: Mapping[str, str | None],
        reason: str | None = None,
        *,
        at: datetime | None = None,
        actor: Actor | None = None,
    ) -> TraceNote:
        """Return the row that :meth:`trace` adds."""
        if at is not None and at != self.now:
            after = {**after, "at": written(at)}
        return TraceNote(subject, self.now, act, actor or self.actor, before, after, reason)


class BoundService(Service):
    """A service of a session; its acts' bodies find in it who asks, when, and what is there."""

    @property
    def _context(self) -> Context:
        context: Context = self._runner.context
        return context

    @property
    def _programme(self) -> Programme:
        return self._context.programme

    @property
    def _ports(self) -> Repositories:
        return self._context.ports

    @property
    def _permissions(self) -> Permissions:
        return self._context.permissions

    @property
    def _actor(self) -> Actor:
        return self._context.actor

    @property
    def _now(self) -> datetime:
        return self._context.now
