"""The world behind the pages: a store, the desk over it, the clock and the people."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Final, TypeVar

from examples.portal.clock import STEP, Clock, Simulation
from examples.portal.people import People
from referral_adapters.memory import SlidingLimiter
from referral_adapters.sql import SqlStore
from referral_core import Actor, Asker, Programme, ReferralDesk, Session
from referral_core.programme.settings import FeePolicy

T = TypeVar("T")

PROGRAMME: Final = Programme(products=("electricity", "gas"), fee_policy=FeePolicy.PRO_RATA)
"""The default programme, with discounts on gas too and a fee on early termination."""
PORTAL: Final = Actor.system("portal")
"""The system behind the sign-ups in self-service (A1)."""
SECRET: Final = b"of an invented world"
"""A fixed secret gives every world the same codes. A real host lets the store draw a secret of its own."""


class World:
    """The world of the pages. The library runs in the same process; every act is one transaction of its store.

    All sessions of a visit are made by :meth:`asked_by` its visitor, on whose limit every code draws that they give
    (A4), also where the portal asks in its own name.
    """

    asker: Asker | None = None

    def __init__(self, url: str, *, clock: Clock, people: People) -> None:
        self.programme = PROGRAMME
        self.store = SqlStore(url, self.programme, secret=SECRET)
        self.limiter = SlidingLimiter()
        self.desk = ReferralDesk(self.programme, self.store, limiter=self.limiter)
        self.clock = clock
        self.simulation = Simulation(self.store, self.desk, clock)
        self.people = people

    def asked_by(self, asker: Asker) -> World:
        """Return the same world, as a visitor asks it."""
        asked = copy.copy(self)
        asked.asker = asker
        return asked

    def act(self, actor: Actor) -> Session:
        """Return a session at the next moment of the clock, for one act in a transaction of its own."""
        return self.desk.session(actor=actor, now=self.clock.tick(), asker=self.asker)

    def run(self, block: Callable[[Session], T], *, actor: Actor, dry: bool = False) -> T:
        """Do a few acts at the next moment of the clock, in one transaction; return what they return.

        A ``dry`` run, which its block undoes, does not move the clock.
        """
        now = self.clock.now + STEP if dry else self.clock.tick()
        return self.desk.run(block, actor=actor, now=now, asker=self.asker)

    def ask(self, actor: Actor) -> Session:
        """Return a session at the present moment, for questions."""
        return self.desk.session(actor=actor, now=self.clock.now, asker=self.asker)

    def close(self) -> None:
        """Close the store."""
        self.store.close()
