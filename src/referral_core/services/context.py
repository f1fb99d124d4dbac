"""The context of a session: actor, now and store, shared by all its services."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from referral_core.acts import Service
from referral_core.entities.actor import Actor
from referral_core.entities.case import Case
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.grant import Grant
from referral_core.entities.promo_code import PromoCode, Sharing
from referral_core.entities.referral import Referral
from referral_core.entities.reversal import Reversal
from referral_core.entities.trace import PROGRAMME_SUBJECT, State, TraceNote
from referral_core.programme.programme import Programme
from referral_core.services.code_limit import CodeLimit
from referral_core.services.code_texts import CodeTexts
from referral_core.services.permissions import Permissions
from referral_core.services.records import RECORDS, STORES, digested, imported_state, stored_in
from referral_core.values.moment import written

if TYPE_CHECKING:
    from referral_core.ports.grants import P, Postings
    from referral_core.ports.store import Repositories, Store

E = TypeVar("E", Contract, PromoCode, DiscountGroup, Referral, Grant, Reversal, Case, Sharing)


_OWNED: Final = (Contract, PromoCode)
"""The entities that name the owner of their account."""


@attrs.frozen(kw_only=True, eq=False, slots=False)
class Context:
    """One actor, one now, one store.

    ``now`` is the moment of recording in history and in the trace. With ``known_at`` all repositories are read as known
    at that moment, under today's permissions.
    """

    programme: Programme
    store: Store
    code_texts: CodeTexts
    actor: Actor
    now: datetime
    known_at: datetime | None = None
    code_limit: CodeLimit | None = None
    _untraced: dict[str, dict[str, Any]] = attrs.field(factory=dict, init=False)
    """By subject and then by name: the entities that the present act has stored and no row keeps yet."""

    @property
    def ports(self) -> Repositories:
        """The repositories that services read, and write unless ``known_at`` is set."""
        return self.store if self.known_at is None else self._known

    @cached_property
    def _known(self) -> Repositories:
        from referral_core.known_at import Knowledge  # noqa: PLC0415 - most sessions know today

        return Knowledge(self.store, by=self.known_at or self.now)

    @property
    def permissions(self) -> Permissions:
        """The actor's permissions, by today's data."""
        # The store and not `ports`: today's data decides who may read history.
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
        """Store the next state of an entity, recorded now, and return it; ``before`` is ``None`` for a new one (A2).

        ``act`` adds the row of the act to the trace, on the chain of the entity unless ``subject`` names another. With
        ``None`` the next row on the entity's chain keeps what was stored; see :meth:`trace_the_rest`. ``at`` is the
        moment of a fact that happened earlier (M4).

        :raises Refusal: the entity's repository refuses it.
        :raises ConcurrentChange: another transaction changed the entity first.
        """
        # Stored before it is traced, so that a refusal of the repository leaves no row behind.
        STORES[type(after)](self.ports, after, before, self.now)
        if act is not None:
            self.ports.trace.append(self._row(act, after, before, reason, at=at, subject=subject))
        elif type(after) in RECORDS:
            record = RECORDS[type(after)]
            if before is None or record.fields(before) != record.fields(after):
                self._untraced.setdefault(record.subject(after), {})[record.name(after)] = after
        return after

    def begin_act(self) -> None:
        """Forget what an attempt stored that lost its race."""
        self._untraced.clear()

    def trace_the_rest(self, act: str) -> None:
        """Add a row of the act for each entity that it stored and no other row of it keeps (A2).

        Most facts need none: a code is issued, starts or ends with a contract, and a grant becomes due.
        """
        rest = [entity for _, entities in sorted(self._untraced.items()) for entity in entities.values()]
        self._untraced.clear()
        self.trace_all(act, rest)

    def save_steps(self, postings: Postings[P], steps: Sequence[tuple[P, P]]) -> list[tuple[P, P]]:
        """Store the next states of grants or reversals, and return the steps that took effect.

        A payer's steps on the way leave no rows in the trace; the result does, by :meth:`trace_all`. See
        :meth:`GrantRepository.change`.
        """
        done = {each.key for each in postings.change(steps)} if steps else set()
        return [step for step in steps if step[0].key in done]

    def save_launched(self, codes: Sequence[PromoCode], reason: str | None) -> None:
        """Store a page of first codes, each with its row in the trace (C2).

        :raises ConcurrentChange: a text was taken, or an account got another code; nothing was stored.
        """
        rows = [self._row("code.issue", code, None, reason) for code in codes]
        self.ports.promo_codes.add_first(codes, rows, at=self.now)

    def save_imported(self, contracts: Sequence[Contract], reason: str | None) -> None:
        """Store a page of imported contracts, with one row in the trace that keeps a digest of each (C2).

        :raises ConcurrentChange: an id or an account was taken; nothing was stored.
        """
        self.ports.contracts.add_all(contracts)
        stored = {name: digested(fields) for name, fields in stored_in(*contracts).items()}
        state = imported_state(contracts)
        self.ports.trace.append(
            TraceNote(PROGRAMME_SUBJECT, self.now, "contract.import", self.actor, None, state, reason, stored)
        )

    def trace_all(self, act: str, entities: Iterable[E]) -> None:
        """Add the rows of an act on many entities, which are stored already."""
        # In order of subject: writers lock chains in one order, so that no two of them deadlock.
        rows = sorted((self._row(act, each, None, None) for each in entities), key=lambda row: row.subject)
        if rows:
            self.ports.trace.append(*rows)

    def note(
        self, subject: str, act: str, after: State, reason: str | None = None, *, actor: Actor | None = None
    ) -> None:
        """Add the row of an act without an entity of its own, by the session's actor unless another is named."""
        self.ports.trace.append(
            self._noted(TraceNote(subject, self.now, act, actor or self.actor, None, after, reason))
        )

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
        return self._noted(
            TraceNote(subject or record.subject(after), self.now, act, self.actor, former, state, reason), after
        )

    def _noted(self, note: TraceNote, *entities: object) -> TraceNote:
        """Return a row that keeps these entities, and those that no row on its chain keeps yet."""
        kept = (*self._untraced.pop(note.subject, {}).values(), *entities)
        owners = [each.customer for each in kept if isinstance(each, _OWNED)]
        return attrs.evolve(note, stored=stored_in(*kept), owner=owners[-1] if owners else None)


class BoundService(Service):
    """A service of a session: the bodies of its acts use the session's actor, now and repositories."""

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
