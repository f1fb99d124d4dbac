"""The repository of requests: the events that took effect, and the answers kept for repeated requests (B2)."""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cached_property
from typing import Final, Protocol

import attrs

from referral_core.entities.actor import Role
from referral_core.entities.personal_data import mentions
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


@attrs.frozen(slots=False)
class CustomerNames:
    """What an answer about a customer may name: the customer's id, and the ids of their things (A5).

    ``things`` are their accounts, contracts, codes and cases. Free words about the customer stand in an answer that
    names one of those, or the customer.
    """

    customer: str
    things: frozenset[str]

    def are_in(self, answer: str | None) -> bool:
        """Tell whether an answer, as JSON, has one of the ids as a text, or the customer's among the words of one."""
        texts = _TEXT.findall(answer or "")
        if not self._texts.isdisjoint(texts):
            return True
        free_words = [text for text in texts if " " in text]  # moments and amounts may look like an id that is a number
        return any(mentions(text, written[1:-1]) for text in free_words for written in quoted(self.customer))

    @cached_property
    def _texts(self) -> frozenset[str]:
        return frozenset(written for name in {self.customer, *self.things} for written in quoted(name))


_TEXT: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
"""A text in JSON, with its quotes."""


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

    Callers hand over digests of the ids of events and of the keys of requests
    (:func:`~referral_core.values.name.digest_key`), which are words of hosts and may name a person (A5).
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
