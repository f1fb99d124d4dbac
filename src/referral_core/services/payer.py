"""One payer's run: grants taken, posted to billing, settled (B2)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

import attrs

from referral_core.entities.grant import Grant, GrantEvent, GrantStatus
from referral_core.ports.billing import BulkBilling
from referral_core.programme.settings import Paying
from referral_core.services.context import Context
from referral_core.values.errors import BillingUnavailable, Refusal

if TYPE_CHECKING:
    from referral_core.ports.billing import Billing
    from referral_core.ports.grants import Step


@attrs.frozen
class PaidPage:
    """The result of one page: the number of grants that the payer took, and the grants that it settled."""

    taken: int
    settled: tuple[Grant, ...] = ()


class Payer:
    """Takes grants, posts them to billing and settles them: two transactions, with the calls to billing in between.

    A taken grant has a lease for the time of all calls to billing, during which other payers pass it by. After the
    lease an unsettled grant is looked up in billing before anything else. A grant that was taken but not tried, because
    of a stop, is given back unchanged.
    """

    def __init__(self, context: Context, calls: BillingCalls) -> None:
        self._context = context
        self._store = context.store
        self._calls = calls
        self._save = context.save_steps

    def pay(self, choose: Callable[[], Sequence[Grant]]) -> PaidPage:
        """Pay the grants that ``choose`` finds in the transaction that takes them."""
        taken = self._store.run(lambda: self._taken(choose()))
        if not taken:
            return PaidPage(0)
        results = self._calls.results([grant for _, grant in taken])
        # Results are shorter than what was taken after a stop: the rest goes back to the state before.
        steps = [(grant, result) for (_, grant), result in zip(taken, results, strict=False)]
        back = [(grant, before) for before, grant in taken[len(results) :]]
        return PaidPage(len(taken), self._store.run(lambda: self._settled(steps, back)))

    def _taken(self, grants: Sequence[Grant]) -> list[Step]:
        """Take the grants that no other payer has changed; a payer that insists takes over the others' as well."""
        if not grants:
            return []
        calls = self._calls
        # One answer's time more than the calls take, for the transaction that settles.
        until = calls.at + (calls.count_for(grants) + 1) * calls.paying.answer_within
        taken = self._save([(grant, grant.taken(until)) for grant in grants])
        if calls.insists and len(taken) < len(grants):
            mine = {grant.key for grant, _ in taken}
            others = [grant for grant in self._present(grants, mine) if not grant.is_settled]
            taken += self._save([(grant, grant.taken(until)) for grant in others])
        return taken

    def _settled(self, steps: Sequence[Step], back: Sequence[Step]) -> tuple[Grant, ...]:
        settled = self._save([*steps, *back])
        if len(settled) < len(steps) + len(back):
            settled += self._confirmed_to_others(steps, {grant.key for grant, _ in settled})
        given_back = {grant.key for grant, _ in back}
        results = [grant for _, grant in settled if grant.key not in given_back]
        granted = [grant for grant in results if grant.status is GrantStatus.GRANTED]
        self._context.trace_all("grant.posted", sorted(granted, key=lambda grant: grant.key))
        return tuple(results)

    def _confirmed_to_others(self, steps: Sequence[Step], mine: set[str]) -> list[Step]:
        """Settle confirmed grants that others have taken or stopped since: billing's confirmation is final."""
        confirmed = [result for _, result in steps if result.status is GrantStatus.GRANTED]
        others = [each for each in self._present(confirmed, mine) if each.status is not GrantStatus.GRANTED]
        return self._save([(grant, grant.after(GrantEvent.BE_FOUND)) for grant in others])

    def _present(self, grants: Iterable[Grant], mine: set[str]) -> list[Grant]:
        """Return the present states of the grants that somebody else has changed."""
        present = [self._store.grants.find(grant.key) for grant in grants if grant.key not in mine]
        return [grant for grant in present if grant is not None]


NO_ANSWER: Final = "no-answer"
"""The problem of a grant when billing did not answer."""
LONGEST_PROBLEM: Final = 200
"""The most characters that are kept of an unforeseen exception."""
BROKEN_OFF: Final = "broken-off"
"""The problem of a grant that billing does not have, after its last attempt was broken off."""


class BillingCalls:
    """The calls to billing about grants, each of which ends granted, failed and to be retried, or stuck.

    A grant in doubt is looked up by its key before it is posted, and one that is held or void is not posted at all. A
    grant whose last attempt was broken off is only looked up, unless the payer ``insists``. Between two grants ``stop``
    is asked whether to end there.

    An adapter's exception about one grant affects that grant alone: an unforeseen exception leaves it in doubt, with
    the exception's type and message as its problem. When a call for many grants fails so, they are posted one by one.

    Whether billing takes many grants in one call is tested once, and only when there are grants: the test of the
    protocol costs more than an empty page.
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
        """Tell whether billing takes many grants in one call."""
        return self._bulk is not None

    def count_for(self, grants: Sequence[Grant]) -> int:
        """Return the most calls to billing that these grants need."""
        if self._bulk_for(grants) is not None:
            return 2
        return len(grants) + sum(grant.status is not GrantStatus.DUE for grant in grants)

    def results(self, grants: Sequence[Grant]) -> list[Grant]:
        """Return the grants after the calls, in their order: all, or only the first ones after a stop."""
        bulk = self._bulk_for(grants)
        if bulk is not None:
            return self._all_at_once(bulk, grants)
        results: list[Grant] = []
        for grant in grants:
            if self._stop():
                break
            results.append(self._one(grant))
        return results

    def _bulk_for(self, grants: Sequence[Grant]) -> BulkBilling | None:
        return self._bulk if len(grants) > 1 else None

    @cached_property
    def _bulk(self) -> BulkBilling | None:
        return self._billing if isinstance(self._billing, BulkBilling) else None

    def _one(self, grant: Grant) -> Grant:
        try:
            if grant.is_in_doubt:
                grant = self._looked_up(grant, (grant.key,) if self._billing.has_grant(grant.key) else ())
            if grant.status is GrantStatus.SENDING:
                self._billing.grant(grant)
                grant = grant.after(GrantEvent.BE_FOUND)
        except Refusal as refusal:
            return self._failed(grant, GrantEvent.BE_REFUSED, refusal.reasons[0])
        except Exception as error:  # noqa: BLE001 - a fault of the adapter must not delay the grants behind this one
            return self._failed(grant, GrantEvent.GO_UNANSWERED, _problem(error))
        return grant

    def _all_at_once(self, bulk: BulkBilling, grants: Sequence[Grant]) -> list[Grant]:
        doubtful = [grant.key for grant in grants if grant.is_in_doubt]
        try:
            posted: Collection[str] = bulk.granted_among(doubtful) if doubtful else ()
            known = [
                grant if grant.status is GrantStatus.SENDING else self._looked_up(grant, posted) for grant in grants
            ]
        except Exception as error:  # noqa: BLE001 - those in doubt stay so; the others can be posted
            known = [
                grant
                if grant.status is GrantStatus.SENDING
                else self._failed(grant, GrantEvent.GO_UNANSWERED, _problem(error))
                for grant in grants
            ]
        sent = self._sent_at_once(bulk, [grant for grant in known if grant.status is GrantStatus.SENDING])
        return [sent.get(grant.key, grant) for grant in known]

    def _sent_at_once(self, bulk: BulkBilling, grants: Sequence[Grant]) -> dict[str, Grant]:
        try:
            refused = bulk.grant_all(grants) if grants else {}
        except BillingUnavailable as error:
            return {grant.key: self._failed(grant, GrantEvent.GO_UNANSWERED, _problem(error)) for grant in grants}
        except Exception:  # noqa: BLE001 - only single calls show which grant is at fault
            return {grant.key: self._one(attrs.evolve(grant, status=GrantStatus.UNCERTAIN)) for grant in grants}
        return {
            grant.key: self._failed(grant, GrantEvent.BE_REFUSED, refused[grant.key])
            if grant.key in refused
            else grant.after(GrantEvent.BE_FOUND)
            for grant in grants
        }

    def _looked_up(self, grant: Grant, posted: Collection[str]) -> Grant:
        """Return a grant in doubt after the lookup in billing: granted, failed, sending again, or surely stopped."""
        if grant.key in posted:
            return grant.after(GrantEvent.BE_FOUND)
        if grant.attempts > self.paying.attempts and not self.insists:
            return self._failed(grant, GrantEvent.BE_MISSING, BROKEN_OFF)
        return grant.after(GrantEvent.BE_MISSING).after(GrantEvent.SEND)

    def _failed(self, grant: Grant, event: GrantEvent, problem: str) -> Grant:
        wait_until = self.paying.next_try(grant.attempts, self.at)
        return grant.failed(event, str(problem), at=self.at, wait_until=wait_until)


def _problem(error: Exception) -> str:
    """Return an exception as the problem of a grant, for staff: its type and message."""
    return NO_ANSWER if isinstance(error, BillingUnavailable) else f"{type(error).__name__}: {error}"[:LONGEST_PROBLEM]
