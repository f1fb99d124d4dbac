"""What the services of one session share, and the base they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import attrs

from referral_core.acts import Service
from referral_core.entities.actor import Actor
from referral_core.entities.case import Case
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.grant import Grant
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.referral import Referral
from referral_core.entities.sharing import Sharing
from referral_core.entities.trace_entry import PROGRAMME_SUBJECT, State, TraceNote
from referral_core.programme.programme import Programme
from referral_core.services.drawing import Drawing
from referral_core.services.permissions import Permissions
from referral_core.services.records import RECORDS, STORES, imported_state
from referral_core.values.moment import written

if TYPE_CHECKING:
    from referral_core.ports.grants import Step
    from referral_core.ports.store import Repositories, Store

E = TypeVar("E", Contract, PromoCode, DiscountGroup, Referral, Grant, Case, Sharing)


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

    @property
    def ports(self) -> Repositories:
        """What the services read, and write where writing is allowed."""
        return self.store if self.known_at is None else self._known

    @cached_property
    def _known(self) -> Repositories:
        from referral_core.knowledge import Knowledge  # noqa: PLC0415 - most sessions know today

        return Knowledge(self.store, by=self.known_at or self.now)

    @property
    def permissions(self) -> Permissions:
        """Who may do and see what, by what is so today."""
        return Permissions(self.store, self.programme, self.actor)

    def save(
        self,
        after: E,
        before: E | None = None,
        *,
        act: str | None = None,
        reason: str | None = None,
        at: datetime | None = None,
        subject: str | None = None,
    ) -> E:
        """Store the next state of an entity, recorded now, and return it; a new one has nothing ``before`` (A2).

        ``act`` adds its row to the trace, on the chain of the entity unless ``subject`` names another; ``None`` is for
        what leaves no row. ``at`` is the moment of a fact that happened earlier (M4).

        :raises Refusal: what the entity's repository refuses.
        :raises ConcurrentChange: somebody else changed the entity first.
        """
        STORES[type(after)](self.ports, after, before, self.now)
        if act is not None:
            self.ports.trace.append(self._row(act, after, before, reason, at=at, subject=subject))
        return after

    def save_steps(self, steps: Sequence[Step]) -> list[Step]:
        """Store the next states of grants and return the steps that were taken, as :meth:`Grants.change` has it.

        What payers do to a grant on its way leaves no row; what came of it does, by :meth:`tell`.
        """
        done = {grant.key for grant in self.ports.grants.change(steps)} if steps else set()
        return [step for step in steps if step[0].key in done]

    def save_launched(self, codes: Sequence[PromoCode], reason: str | None) -> None:
        """Store a page of first codes, each with its row (C2).

        :raises ConcurrentChange: a text was taken, or an account came to hold another code; nothing was stored.
        """
        rows = [self._row("code.issue", code, None, reason) for code in codes]
        self.ports.promo_codes.add_first(codes, rows, at=self.now)

    def save_imported(self, contracts: Sequence[Contract], reason: str | None) -> None:
        """Store a page of contracts that were concluded elsewhere, with one row if a person brings them in (C2).

        :raises ConcurrentChange: an id or an account came to be somebody else's; nothing was stored.
        """
        self.ports.contracts.add_all(contracts)
        if self.actor.is_person:
            self.note(PROGRAMME_SUBJECT, "contract.import", imported_state(contracts), reason)

    def tell(self, act: str, entities: Iterable[E]) -> None:
        """Add the rows of an act that was done to many entities, which are stored already."""
        # In order of subject, so that two writers with subjects in common do not wait for each other in a circle.
        rows = sorted((self._row(act, each, None, None) for each in entities), key=lambda row: row.subject)
        if rows:
            self.ports.trace.append(*rows)

    def note(
        self, subject: str, act: str, after: State, reason: str | None = None, *, actor: Actor | None = None
    ) -> None:
        """Add the row of an act that is about no entity of its own; by another ``actor`` if one is named."""
        self.ports.trace.append(TraceNote(subject, self.now, act, actor or self.actor, None, after, reason))

    def _row(
        self,
        act: str,
        after: E,
        before: E | None,
        reason: str | None,
        *,
        at: datetime | None = None,
        subject: str | None = None,
    ) -> TraceNote:
        record = RECORDS[type(after)]
        former, state = record.states(act, before, after, self.now)
        if at is not None and at != self.now:
            state = {**state, "at": written(at)}
        return TraceNote(subject or record.subject(after), self.now, act, self.actor, former, state, reason)


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
