"""The world behind the pages: a store, the desk over it, the clock and the people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from examples.portal.clock import Clock, Simulation
from examples.portal.people import People
from referral_adapters.sql import SqlStore
from referral_core import Actor, Programme, ReferralDesk, Session
from referral_core.programme.settings import FeePolicy

T = TypeVar("T")

PROGRAMME: Final = Programme(products=("electricity", "gas"), fee_policy=FeePolicy.PRO_RATA)
"""The default programme, with discounts on gas too and a fee on early termination."""
PORTAL: Final = Actor.system("portal")
"""The system behind the sign-ups in self-service (A1)."""
SECRET: Final = b"of an invented world"
"""A fixed secret gives every world the same codes. A real host lets the store draw a secret of its own."""


class World:
    """The world of the pages. The library runs in the same process; every act is one transaction of its store."""

    def __init__(self, url: str, *, clock: Clock, people: People) -> None:
        self.programme = PROGRAMME
        self.store = SqlStore(url, self.programme, secret=SECRET)
        self.desk = ReferralDesk(self.programme, self.store)
        self.clock = clock
        self.simulation = Simulation(self.store, self.desk, clock)
        self.people = people

    def act(self, actor: Actor) -> Session:
        """Return a session at the next moment of the clock, for one act in a transaction of its own."""
        return self.desk.session(actor=actor, now=self.clock.tick())

    def run(self, block: Callable[[Session], T], *, actor: Actor) -> T:
        """Do a few acts at the next moment of the clock, in one transaction; return what they return."""
        return self.desk.run(block, actor=actor, now=self.clock.tick())

    def ask(self, actor: Actor) -> Session:
        """Return a session at the present moment, for questions."""
        return self.desk.session(actor=actor, now=self.clock.now)

    def close(self) -> None:
        """Close the store."""
        self.store.close()
