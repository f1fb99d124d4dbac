"""Random acts told to memory and to a database at once: both say the same, and keep the same.

``REFERRAL_TWINS`` says how many stories of 50 steps each database is told; a few shorter ones, unless somebody asks for
more. They are the same every time, unless ``--hypothesis-profile search`` is given too.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any, ClassVar, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.engine import URL

from referral_adapters.feed import FeedRunner, FeedStore
from referral_adapters.memory import Fault
from referral_adapters.sql import SqlStore
from referral_core import Programme
from referral_core.entities.trace import TraceEntry, chain_faults
from tests.feed.test_stateful import ACCOUNTS, Programme_in_motion

STORIES: Final = int(os.environ.get("REFERRAL_TWINS", "0"))
Anew = Callable[[], AbstractContextManager[URL]]


class Twins(Programme_in_motion):
    """A programme kept twice; billing never fails here, since each store keeps its own."""

    anew: ClassVar[Anew]

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        programme = Programme.default()
        url = self.open.enter_context(type(self).anew())
        self.database = self.open.enter_context(SqlStore(url, programme, secret=b"stateful" * 4))
        self.twin = FeedRunner(programme, self.database)

    def fault(self, _: str) -> Fault | None:
        """Say that billing does not fail."""
        return None

    def handle(self, line: str, number: int) -> dict[str, Any]:
        """Hand a line to both, and compare what they say."""
        result = super().handle(line, number)
        assert self.twin.handle(line, number) == result
        return result

    def finish(self) -> None:
        """Have both post what is due."""
        super().finish()
        self.twin.finish()

    def teardown(self) -> None:
        """Compare all that both hold."""
        with self.open:
            super().teardown()
            told = self.twin.summary(self.now)
            assert {name: part for name, part in told.items() if name != "lines"} == self.seen()
            assert history(self.database, self.contracts) == history(self.store, self.contracts)
            assert trace(self.database) == trace(self.store)


def history(store: FeedStore, contracts: list[str]) -> list[object]:
    """Return every state that was kept, with the moment it was recorded."""
    return [
        *[store.promo_codes.history(account) for account in ACCOUNTS],
        *[store.groups.history(group.id) for group in store.groups.all()],
        *[store.referrals.history(contract) for contract in contracts],
    ]


def trace(store: FeedStore) -> dict[str, list[object]]:
    """Return every chain, which must hold, without what chance had a part in."""
    chains = {subject: list(store.trace.chain(subject)) for subject, _, _ in store.trace.heads()}
    for chain in chains.values():
        assert chain_faults(chain) == ()
    return {subject: list(map(said, chain)) for subject, chain in chains.items()}


def said(entry: TraceEntry) -> object:
    return entry.number, entry.moment, entry.act, entry.role, entry.before, entry.after, entry.actor, entry.reason


@pytest.mark.rule("B2", "C1", "C6", "D3", "S4", "A2")
def test_memory_and_a_database_tell_the_same_story(anew: Anew) -> None:
    class Told(Twins):
        pass

    Told.anew = staticmethod(anew)
    run_state_machine_as_test(
        Told,
        settings=settings(
            max_examples=STORIES or 5,
            stateful_step_count=50 if STORIES else 30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
