"""How a message gets to its receiver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import attrs


class Unanswered(Exception):
    """A message was sent, or not, and no answer came: nobody was there, it took too long, or it broke off."""


@attrs.frozen
class Reply:
    """What a receiver answered: a status, and how many seconds it asks to be left alone for."""

    status: int
    retry_after: float = 0.0

    @property
    def is_confirmation(self) -> bool:
        """Tell whether the receiver has taken the message: any 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - as HTTP has it


class Send(Protocol):
    """What sends a message. A host that needs a proxy, or another way, brings one of its own."""

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:
        """Post a message, follow no redirect, and return the answer, all within so many seconds.

        Safe to call at once from many threads.

        :raises Unanswered: there is no answer; the message may have arrived or not.
        """
        ...
