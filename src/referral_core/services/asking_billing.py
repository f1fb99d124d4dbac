"""What billing says about legs that a payer has taken: they are looked up where in doubt, and sent (B2)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

import attrs

from referral_core.entities.grant import Grant, GrantEvent, GrantStatus
from referral_core.ports.billing import BulkBilling
from referral_core.programme.paying import Paying
from referral_core.values.errors import BillingUnavailable, Refusal

if TYPE_CHECKING:
    from referral_core.ports.billing import Billing

NO_ANSWER: Final = "no-answer"
"""The problem of a leg about which billing did not answer."""
LONGEST_PROBLEM: Final = 200
"""The most characters that are kept of an exception nobody foresaw."""
BROKEN_OFF: Final = "broken-off"
"""The problem of a leg that billing does not have, and whose last attempt nobody saw the end of."""


class AskingBilling:
    """Calls billing about legs, and says what becomes of each: granted, or failed and to be tried again or stuck.

    A leg that is ``uncertain`` is looked up by its key before it is sent. One whose attempts were used up by somebody
    who died is only looked up, unless the payer ``insists``. Between two legs ``stop`` is asked whether to end there.

    Whatever an adapter raises about one leg costs that leg alone: what nobody foresaw leaves it in doubt, with the
    exception's kind and sentence as its problem. When a call for many legs fails so, they are sent one by one.

    Whether billing takes many legs in one call is found out once, and not at all where there is nothing to be sent:
    looking through what it offers takes longer than looking through legs that are none.
    """

    def __init__(
        self, billing: Billing, paying: Paying, *, at: datetime, stop: Callable[[], bool], insists: bool
    ) -> None:
        self._billing = billing
        self._stop = stop
        self.paying = paying
        self.at = at
        self.insists = insists

    @property
    def takes_many(self) -> bool:
        """Tell whether billing takes many legs in one call."""
        return self._bulk is not None

    def calls(self, legs: Sequence[Grant]) -> int:
        """Return how many calls to billing it may take to settle these legs."""
        if self._bulk_for(legs) is not None:
            return 2
        return len(legs) + sum(leg.status is not GrantStatus.DUE for leg in legs)

    def about(self, legs: Sequence[Grant]) -> list[Grant]:
        """Return what becomes of the legs, in their order: of all, or of the first few if it was stopped."""
        bulk = self._bulk_for(legs)
        if bulk is not None:
            return self._all_at_once(bulk, legs)
        results: list[Grant] = []
        for leg in legs:
            if self._stop():
                break
            results.append(self._one(leg))
        return results

    def _bulk_for(self, legs: Sequence[Grant]) -> BulkBilling | None:
        return self._bulk if len(legs) > 1 else None

    @cached_property
    def _bulk(self) -> BulkBilling | None:
        return self._billing if isinstance(self._billing, BulkBilling) else None

    def _one(self, leg: Grant) -> Grant:
        try:
            if leg.status is GrantStatus.UNCERTAIN:
                leg = self._looked_up(leg, (leg.key,) if self._billing.has_grant(leg.key) else ())
            if leg.status is GrantStatus.SENDING:
                self._billing.grant(leg)
                leg = leg.after(GrantEvent.BE_FOUND)
        except Refusal as refusal:
            return self._failed(leg, GrantEvent.BE_REFUSED, refusal.reasons[0])
        except Exception as error:  # noqa: BLE001 - an adapter's slip must not keep the legs behind this one waiting
            return self._failed(leg, GrantEvent.GO_UNANSWERED, _problem(error))
        return leg

    def _all_at_once(self, bulk: BulkBilling, legs: Sequence[Grant]) -> list[Grant]:
        doubtful = [leg.key for leg in legs if leg.status is GrantStatus.UNCERTAIN]
        try:
            posted: Collection[str] = bulk.granted_among(doubtful) if doubtful else ()
            known = [leg if leg.status is GrantStatus.SENDING else self._looked_up(leg, posted) for leg in legs]
        except Exception as error:  # noqa: BLE001 - nothing is known of those in doubt; the others can be sent
            known = [
                leg
                if leg.status is GrantStatus.SENDING
                else self._failed(leg, GrantEvent.GO_UNANSWERED, _problem(error))
                for leg in legs
            ]
        sent = self._sent_at_once(bulk, [leg for leg in known if leg.status is GrantStatus.SENDING])
        return [sent.get(leg.key, leg) for leg in known]

    def _sent_at_once(self, bulk: BulkBilling, legs: Sequence[Grant]) -> dict[str, Grant]:
        try:
            refused = bulk.grant_all(legs) if legs else {}
        except BillingUnavailable as error:
            return {leg.key: self._failed(leg, GrantEvent.GO_UNANSWERED, _problem(error)) for leg in legs}
        except Exception:  # noqa: BLE001 - one of them is at fault, and which one only a call of its own can tell
            return {leg.key: self._one(attrs.evolve(leg, status=GrantStatus.UNCERTAIN)) for leg in legs}
        return {
            leg.key: self._failed(leg, GrantEvent.BE_REFUSED, refused[leg.key])
            if leg.key in refused
            else leg.after(GrantEvent.BE_FOUND)
            for leg in legs
        }

    def _looked_up(self, leg: Grant, posted: Collection[str]) -> Grant:
        """Return a leg in doubt by what billing has of it: one to be sent is sending."""
        if leg.key in posted:
            return leg.after(GrantEvent.BE_FOUND)
        if leg.attempts > self.paying.attempts and not self.insists:
            return self._failed(leg, GrantEvent.BE_MISSING, BROKEN_OFF)
        return leg.after(GrantEvent.BE_MISSING).after(GrantEvent.SEND)

    def _failed(self, leg: Grant, event: GrantEvent, problem: str) -> Grant:
        wait_until = self.paying.next_try(leg.attempts, self.at)
        return leg.failed(event, str(problem), at=self.at, wait_until=wait_until)


def _problem(error: Exception) -> str:
    """Return what is kept of an exception about a leg: its kind and sentence, for staff."""
    return NO_ANSWER if isinstance(error, BillingUnavailable) else f"{type(error).__name__}: {error}"[:LONGEST_PROBLEM]
