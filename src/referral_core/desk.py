"""The desk: the entry point of a host, which makes sessions over a programme and a store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from referral_core.entities.actor import Actor, Asker
from referral_core.ports.limiter import Limiter  # at run time, as the reference reads the signature by its types
from referral_core.programme.programme import Programme
from referral_core.services.code_limit import CodeLimit
from referral_core.services.code_texts import CodeTexts
from referral_core.services.context import Context
from referral_core.services.programmes import missing_groups
from referral_core.session import Session
from referral_core.values.errors import ArgumentInvalid
from referral_core.values.moment import moment, optional_moment

if TYPE_CHECKING:
    from referral_core.ports.store import Store

T = TypeVar("T")


class ReferralDesk:
    """A programme over a store. All acts go through a :meth:`session`.

    A store belongs to one programme: the first that a desk of it was made with, or that it was opened with (P5).

    ``limiter`` counts the codes that are given by their texts, against the limits of the programme's ``[checking]``:
    every act that takes one draws on it (A4). Without a limiter there is no limit.

    A desk may be used from many threads if its store may; a session belongs to one thread.

    :raises Refusal: ``currency-mismatch``, ``zone-mismatch``: the store belongs to another programme.
    """

    def __init__(self, programme: Programme, store: Store, *, limiter: Limiter | None = None) -> None:
        self.programme = programme
        self.limiter = limiter
        self.store = store
        store.begin(programme)
        self._code_texts = CodeTexts(programme, store)

    def missing_groups(self) -> tuple[str, ...]:
        """Return the ids of the groups that the programme names and the store does not have (P5).

        Such a group gives nothing, until ``session.programme.apply()`` adds it. A host asks for them once it has opened
        a store, and tells whoever runs it.
        """
        return missing_groups(self.programme, self.store)

    def session(
        self, *, actor: Actor, now: datetime, known_at: datetime | None = None, asker: Asker | None = None
    ) -> Session:
        """Return a session: all services, for one actor at one ``now``, which is the moment of recording (M4).

        With ``known_at`` everything is read as known at that moment (R3), under today's permissions, and nothing can be
        changed. ``asker`` says who gives the codes, where that is not the actor or their network address is known: a
        system that asks for a visitor names the visitor.

        :raises ArgumentInvalid: ``actor`` is no :class:`Actor`.
        :raises Refusal: ``moment-naive``, ``moment-invalid``.
        """
        if not isinstance(actor, Actor):
            raise ArgumentInvalid("actor", f"must be an Actor, not {type(actor).__name__}")
        return Session(
            Context(
                programme=self.programme,
                store=self.store,
                code_texts=self._code_texts,
                actor=actor,
                now=moment(now, "now"),
                known_at=optional_moment(known_at, "known_at"),
                code_limit=self._code_limit(asker or Asker(actor)),
            )
        )

    def _code_limit(self, asker: Asker) -> CodeLimit | None:
        return None if self.limiter is None else CodeLimit(self.limiter, self.programme.checking, asker)

    def run(self, block: Callable[[Session], T], *, actor: Actor, now: datetime, asker: Asker | None = None) -> T:
        """Run a block of acts in one transaction, repeat all of it after a lost race, and return its result.

        Because of the repetition the block must have no effects beside those on the store.

        :raises ConcurrentChange: every attempt lost its race, or the host's own transaction has to be repeated.
        """
        session = self.session(actor=actor, now=now, asker=asker)

        def whole() -> T:
            with session:
                return block(session)

        return self.store.run(whole)
