"""Answers that are kept, so that a request that comes again is answered as it was (B2)."""

from __future__ import annotations

import json
from datetime import datetime

import attrs


@attrs.frozen
class Answer:
    """What was answered to a request that carried an idempotency key, so that the same request gets the same answer.

    ``digest`` identifies the content of the request, so that another one under the same key is told apart. ``text`` is
    what was answered, ``None`` for as long as, in the transaction that does what is asked, it is not known yet.
    """

    digest: str
    text: str | None
    at: datetime

    def names(self, customer: str) -> bool:
        """Tell whether the answer has a customer's id in it, as one of its texts in JSON (A5)."""
        return self.text is not None and any(written in self.text for written in quoted(customer))


def quoted(text: str) -> tuple[str, str]:
    """Return the two ways in which JSON writes a text: with letters as they are, and in ASCII."""
    return json.dumps(text, ensure_ascii=False), json.dumps(text)
