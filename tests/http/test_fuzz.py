"""The document is held against the service by requests made up from it.

By default a few for each endpoint; ``nox -s fuzz`` asks many, in every role, on both engines: ``REFERRAL_FUZZ`` is how
many examples an endpoint gets.
"""

from __future__ import annotations

import os
from itertools import product
from typing import Final

import pytest

from tests.http.door import ROLES, Door
from tests.http.fuzzing import PHASES, failures

EXAMPLES: Final = int(os.environ.get("REFERRAL_FUZZ", "0"))
ASKED: Final[list[tuple[str, str | None]]] = (
    list(product(("sqlite", "postgres"), (None, *ROLES))) if EXAMPLES else [("memory", "system")]
)


@pytest.mark.parametrize(("store", "role"), ASKED)
def test_every_answer_is_as_the_document_says(request: pytest.FixtureRequest, store: str, role: str | None) -> None:
    door: Door = request.getfixturevalue(f"in_{store}")
    phases = PHASES if EXAMPLES else ("fuzzing",)
    assert failures(door, role, examples=EXAMPLES or 2, phases=phases) == []
