"""Answers that are kept, so that a request that comes again is answered as it was (B2)."""

from __future__ import annotations

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
