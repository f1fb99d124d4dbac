"""Refusals, expected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason


@contextmanager
def refused(reason: Reason) -> Iterator[None]:
    """Expect that what is done in the block is refused by this reason and no other."""
    with pytest.raises(Refusal) as caught:
        yield
    assert caught.value.reasons == (reason,)
