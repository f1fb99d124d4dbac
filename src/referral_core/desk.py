"""The one door for a host: sessions over a programme and a store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from referral_core.entities.actor import Actor
from referral_core.programme.programme import Programme
from referral_core.services.context import Context
from referral_core.services.drawing import Drawing
from referral_core.session import Session
from referral_core.values.errors import ArgumentInvalid
from referral_core.values.moment import moment, optional_moment

if TYPE_CHECKING:
    from referral_core.ports.store import Store

T = TypeVar("T")


class ReferralDesk:
    """A programme over a store. Whatever is asked or done goes through a :meth:`session`.

    Safe to use from many threads, as far as its store is; a session belongs to one.
    """

    def __init__(self, programme: Programme, store: Store) -> None:
        self.programme = programme
        self.store = store
        store.begin(programme)
        self._drawing = Drawing(programme, store)

    def session(self, *, actor: Actor, now: datetime, known_at: datetime | None = None) -> Session:
        """Return a session: all services, for one actor at one ``now``, which is the moment of recording (M4).

        With ``known_at`` everything is read as it was known at that moment (R3), by today's permissions, and nothing
        can be changed.

        :raises ArgumentInvalid: ``actor`` is no :class:`Actor`.
        :raises Refusal: ``moment-naive``, ``moment-invalid``.
        """
        if not isinstance(actor, Actor):
            raise ArgumentInvalid("actor", f"must be an Actor, not {type(actor).__name__}")
        return Session(
            Context(
                programme=self.programme,
                store=self.store,
                drawing=self._drawing,
                actor=actor,
                now=moment(now, "now"),
                known_at=optional_moment(known_at, "known_at"),
            )
        )

    def run(self, block: Callable[[Session], T], *, actor: Actor, now: datetime) -> T:
        """Do a block of acts in one transaction, and all of it again when it lost a race; return what it returns.

        So the block must have no other effect than on the store.

        :raises ConcurrentChange: others were quicker every time, or the host's own transaction must be tried again.
        """
        session = self.session(actor=actor, now=now)

        def whole() -> T:
            with session:
                return block(session)

        return self.store.run(whole)
