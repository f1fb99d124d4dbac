"""The repository of requests: the events that took effect, and the answers kept for repeated requests (B2)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Protocol

import attrs

from referral_core.entities.actor import Role
from referral_core.values.name import joined_key


@attrs.frozen
class Answer:
    """The stored answer to a request with an idempotency key, which every repetition of the request gets.

    ``digest`` identifies the content of the request, and so reveals another request under the same key. ``text`` is the
    answer, ``None`` while the transaction of the request has not produced it yet.
    """

    digest: str
    text: str | None
    at: datetime

    def names(self, customer: str) -> bool:
        """Tell whether the answer contains a customer's id as one of its JSON texts (A5)."""
        return self.text is not None and any(written in self.text for written in quoted(customer))


def asker_of(role: Role, id: str) -> str:  # noqa: A002 - the actor's own word
    """Return the asker that an actor is, with role and id apart: no id of one role reads like an actor of another.

    >>> asker_of(Role.SYSTEM, "crm"), asker_of(Role.CUSTOMER, "system crm")
    ('system crm', '8 10 customer system crm')
    """
    return joined_key(role, id)


def quoted(text: str) -> tuple[str, str]:
    """Return the two spellings of a text in JSON: with its own letters, and escaped to ASCII."""
    return json.dumps(text, ensure_ascii=False), json.dumps(text)


class RequestRepository(Protocol):
    """The repository of the events that took effect, kept for ever, and of the answers under idempotency keys.

    It makes each event and each request take effect once (B2). The store itself guards that a source with an id, and
    an asker with a key, are unique. Every asker has keys of their own: a key of another asker is free.
    """

    def event(self, source: str, id: str) -> str | None:  # noqa: A002 - CloudEvents' own word
        """Return the digest of the event that took effect under this source and id, ``None`` if there was none."""
        ...

    def add_event(self, source: str, id: str, digest: str) -> bool:  # noqa: A002
        """Store that an event takes effect, in the transaction of its effect; return ``False`` if it already did."""
        ...

    def answer(self, asker: str, key: str) -> Answer | None:
        """Return the answer under this key; its text is ``None`` when the key is claimed and not filled."""
        ...

    def claim(self, asker: str, key: str, digest: str, *, at: datetime) -> bool:
        """Claim a key for the transaction of the act; return ``False``, and change nothing, if it is claimed already.

        Of two concurrent claims one succeeds. The claim waits for an open transaction that has claimed the key: if that
        fails, the key is free.
        """
        ...

    def fill(self, asker: str, key: str, text: str) -> None:
        """Store the answer under a claimed key, in the transaction of the claim.

        :raises ValueError: the key is not claimed, or has its answer already.
        """
        ...

    def forget(self, before: datetime) -> int:
        """Remove the claims from before a moment, so that their keys are free, and return their number."""
        ...
