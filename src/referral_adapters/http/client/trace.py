"""The trace, over the wire."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_adapters.http.client.listing import Listing
from referral_adapters.http.client.wire import Fields, Wire
from referral_adapters.http.models.answer import PageAnswer
from referral_adapters.http.models.trace import SealAnswer, SealedAnswer, TraceRowAnswer


@attrs.frozen
class Trace:
    """Shows who did what, and seals it (A2)."""

    _wire: Wire

    def rows(
        self, subject: str, *, since: datetime | None = None, until: datetime | None = None, act: str | None = None
    ) -> Listing[TraceRowAnswer]:
        """Return what was done about a subject, such as ``account:A``, in order."""
        return self._rows({"subject": subject, "since": since, "until": until, "act": act})

    def rows_of_contract(
        self, contract: str, *, since: datetime | None = None, until: datetime | None = None, act: str | None = None
    ) -> Listing[TraceRowAnswer]:
        """Return what was done about a contract and its referral, in order."""
        return self._rows({"contract": contract, "since": since, "until": until, "act": act})

    def seal(self, *, key: str | None = None) -> SealAnswer | None:
        """Set a seal over every chain that has grown since the last one; ``None`` when none has."""
        return self._wire.act(SealedAnswer, "trace", "seals", key=key).seal

    def _rows(self, query: Fields) -> Listing[TraceRowAnswer]:
        def read(cursor: str | None, limit: int) -> PageAnswer[TraceRowAnswer]:
            return self._wire.read(
                PageAnswer[TraceRowAnswer], "trace", query={**query, "cursor": cursor, "limit": limit}
            )

        return Listing(read)
