"""Random acts told to memory and to a database at once: both give the same results and the same summary."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from referral_adapters.feed import FeedRunner
from referral_adapters.memory import Fault
from referral_adapters.sql import SqlStore
from referral_core import Programme
from referral_core.entities.trace_entry import chain_faults
from tests.feed.test_stateful import Programme_in_motion

pytestmark = pytest.mark.rule("B2", "C1", "C6", "D3", "S4", "A2")


class Twins(Programme_in_motion):
    """A programme kept twice; billing never fails here, since each store keeps its own."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        programme = Programme.default()
        self.database = SqlStore(f"sqlite:///{self.folder / 'twin.db'}", programme, secret=b"stateful" * 4)
        self.twin = FeedRunner(programme, self.database)

    def fault(self, _: str) -> Fault | None:
        """Say that billing does not fail."""
        return None

    def handle(self, line: str, number: int) -> dict[str, Any]:
        """Hand a line to both, and compare what they say."""
        result = super().handle(line, number)
        assert self.twin.handle(line, number) == result
        return result

    def teardown(self) -> None:
        """Compare all that both hold."""
        try:
            super().teardown()
            self.twin.finish()
            told = self.twin.summary(self.now)
            assert {name: part for name, part in told.items() if name != "lines"} == self.seen()
            for subject, _, _ in self.database.trace.heads():
                assert chain_faults(self.database.trace.chain(subject)) == ()
        finally:
            self.database.close()
            shutil.rmtree(self.folder)


TestTwins = Twins.TestCase
TestTwins.settings = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
