"""What every test run has: Hypothesis profiles, and the Python in the pages run as tests."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

from referral_core.values.moment import show_moments_in

pytest.register_assert_rewrite("referral_adapters.conformance")

ROOT = Path(__file__).parent.parent
NOT_RUN = ("CHANGELOG.md", "CONTRIBUTING.md")

# `ci` is the profile unless `--hypothesis-profile` names another: the same examples every time, on every machine.
settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=40, stateful_step_count=30, print_blob=True
)
settings.register_profile("search", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci")


# Thousands of small tests make garbage that is gone without a collection: looking for cycles so often takes a tenth of
# the time.
gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def _no_zone() -> None:
    """Have every test begin in a process that has opened no programme, whatever the tests before it have opened."""
    show_moments_in(None)


class Pages:
    """Collects the Python blocks of README and docs; one page is one namespace, from top to bottom.

    So a page has to stay in one process, which is why pytest's settings distribute tests by file.
    """

    pytest_collect_file = staticmethod(
        Sybil([PythonCodeBlockParser(), SkipParser()], pattern="*.md", excludes=NOT_RUN, path=str(ROOT)).pytest()
    )


LONGEST = (
    "docs/test_visible_blocks.py",
    "adapters/cli/test_docs.py",
    "adapters/launch/test_killed.py",
    "adapters/sql/test_conformance.py",
    "examples/portal/test_accessibility.py",
    "examples/portal/test_staff_stories.py",
    "adapters/test_whole_acts.py",
    "adapters/sql/test_killed.py",
    "adapters/sql/test_duels.py",
    "adapters/sql/test_stopped.py",
)
"""The files that take longest: begun first, so that at the end no process waits for another one's."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the longest files run first; the others stay as they are."""
    items.sort(key=lambda item: not item.nodeid.split("::")[0].endswith(LONGEST))


def pytest_configure(config: pytest.Config) -> None:
    """Have pages collected wherever they lie, not only below this folder."""
    config.pluginmanager.register(Pages(), "pages")
