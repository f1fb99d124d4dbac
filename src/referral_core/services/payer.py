"""One payer's run: grants and reversals taken, posted to billing, settled (B2, B11)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic

import attrs

from referral_core.entities.grant import Grant, GrantEvent, GrantStatus
from referral_core.entities.reversal import Reversal
from referral_core.ports.billing import BulkBilling, Reversing
from referral_core.ports.grants import P
from referral_core.programme.settings import Paying
from referral_core.services.context import Context
from referral_core.values.errors import BillingUnavailable, Refusal

if TYPE_CHECKING:
    from referral_core.ports.billing import Billing
    from referral_core.ports.grants import Postings
    from referral_core.ports.store import Repositories


@attrs.frozen
class PaidPage(Generic[P]):
    """The result of one page: the number of postings that the payer took, and the postings that it settled."""

    taken: int
    settled: tuple[P, ...] = ()


class Calls(ABC, Generic[P]):
    """The calls to billing about postings of one kind, which each end settled, failed and to be retried, or stuck."""

    posted: ClassVar[str]
    """The name in the trace of what billing confirmed."""

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
        """Tell whether billing takes many postings in one call."""
        return False

    @abstractmethod
    def kept_in(self, store: Repositories) -> Postings[P]:
        """Return the repository of the postings."""

    @abstractmethod
    def count_for(self, postings: Sequence[P]) -> int:
        """Return the most calls to billing that these postings need."""

    @abstractmethod
    def results(self, postings: Sequence[P]) -> list[P]:
        """Return the postings after the calls, in their order: all, or only the first ones after a stop."""

    @abstractmethod
    def is_confirmed(self, posting: P) -> bool:
        """Tell whether billing has confirmed a posting."""

    @abstractmethod
    def confirmed_as(self, present: P, result: P) -> P:
        """Return the present state of a posting after a result that confirms it."""

    @abstractmethod
    def follow_up(self, context: Context, steps: Sequence[tuple[P, P]]) -> tuple[P, ...]:
        """Store what follows from the steps that settled, and return further postings to send at once."""


class Payer(Generic[P]):
    """Takes postings, sends them to billing and settles them: two transactions, with the calls to billing in between.

    A taken posting has a lease for the time of all calls to billing, during which other payers pass it by. After the
    lease an unsettled grant is looked up in billing before anything else, and a reversal is sent again under its key. A
    posting that was taken but not tried, because of a stop, is given back unchanged.
    """

    def __init__(self, context: Context, calls: Calls[P]) -> None:
        self._context = context
        self._store = context.store
        self._calls = calls
        self._postings = calls.kept_in(context.store)

    def pay(self, choose: Callable[[], Sequence[P]]) -> PaidPage[P]:
        """Pay the postings that ``choose`` finds in the transaction that takes them, and what follows from them."""
        taken = self._store.run(lambda: self._taken(choose()))
        if not taken:
            return PaidPage(0)
        results = self._calls.results([each for _, each in taken])
        # Results are shorter than what was taken after a stop: the rest goes back to the state before.
        steps = [(each, result) for (_, each), result in zip(taken, results, strict=False)]
        back = [(each, before) for before, each in taken[len(results) :]]
        settled, further = self._store.run(lambda: self._settled(steps, back))
        page = PaidPage(len(taken), settled)
        if not further:
            return page
        more = self.pay(lambda: further)
        return PaidPage(page.taken + more.taken, page.settled + more.settled)

    def _save(self, steps: Sequence[tuple[P, P]]) -> list[tuple[P, P]]:
        return self._context.save_steps(self._postings, steps)

    def _taken(self, postings: Sequence[P]) -> list[tuple[P, P]]:
        """Take the postings that no other payer has changed; a payer that insists takes over the others' as well."""
        if not postings:
            return []
        calls = self._calls
        # One answer's time more than the calls take, for the transaction that settles.
        until = calls.at + (calls.count_for(postings) + 1) * calls.paying.answer_within
        taken = self._save([(each, each.taken(until)) for each in postings])
        if calls.insists and len(taken) < len(postings):
            mine = {each.key for each, _ in taken}
            others = [each for each in self._present(postings, mine) if not each.is_settled]
            taken += self._save([(each, each.taken(until)) for each in others])
        return taken

    def _settled(
        self, steps: Sequence[tuple[P, P]], back: Sequence[tuple[P, P]]
    ) -> tuple[tuple[P, ...], tuple[P, ...]]:
        """Store the results, and return them together with further postings that follow from them."""
        settled = self._save([*steps, *back])
        if len(settled) < len(steps) + len(back):
            settled += self._confirmed_to_others(steps, {each.key for each, _ in settled})
        given_back = {each.key for each, _ in back}
        done = [step for step in settled if step[0].key not in given_back]
        confirmed: list[Any] = [each for _, each in done if self._calls.is_confirmed(each)]  # grants, or reversals
        self._context.trace_all(self._calls.posted, sorted(confirmed, key=lambda each: each.key))
        return tuple([each for _, each in done]), self._calls.follow_up(self._context, done)

    def _confirmed_to_others(self, steps: Sequence[tuple[P, P]], mine: set[str]) -> list[tuple[P, P]]:
        """Settle confirmed postings that others have taken or stopped since: billing's confirmation is final."""
        confirmed = {result.key: result for _, result in steps if self._calls.is_confirmed(result)}
        others = [each for each in self._present(confirmed.values(), mine) if not self._calls.is_confirmed(each)]
        return self._save([(each, self._calls.confirmed_as(each, confirmed[each.key])) for each in others])

    def _present(self, postings: Iterable[P], mine: set[str]) -> list[P]:
        """Return the present states of the postings that somebody else has changed."""
        present = [self._postings.find(each.key) for each in postings if each.key not in mine]
        return [each for each in present if each is not None]


NO_ANSWER: Final = "no-answer"
"""The problem of a grant when billing did not answer."""
LONGEST_PROBLEM: Final = 200
"""The most characters that are kept of an unforeseen exception."""
BROKEN_OFF: Final = "broken-off"
"""The problem of a grant that billing does not have, after its last attempt was broken off."""


CANNOT_REVERSE: Final = "cannot-reverse"
"""The problem of a reversal when billing cannot take anything back."""


class GrantCalls(Calls[Grant]):
    """The calls to billing about grants, each of which ends granted, failed and to be retried, or stuck.

    A grant in doubt is looked up by its key before it is posted, and one that is held or void is not posted at all. A
    grant whose last attempt was broken off is only looked up, unless the payer ``insists``. Between two grants ``stop``
    is asked whether to end there.

    An adapter's exception about one grant affects that grant alone: an unforeseen exception leaves it in doubt, with
    the exception's type and message as its problem. When a call for many grants fails so, they are posted one by one.

    Whether billing takes many grants in one call is tested once, and only when there are grants: the test of the
    protocol costs more than an empty page.
    """

    posted = "grant.posted"

    @property
    def takes_many(self) -> bool:
        """Tell whether billing takes many grants in one call."""
        return self._bulk is not None

    def kept_in(self, store: Repositories) -> Postings[Grant]:
        """Return the repository of grants."""
        return store.grants

    def is_confirmed(self, posting: Grant) -> bool:
        """Tell whether a grant is granted."""
        return posting.status is GrantStatus.GRANTED

    def confirmed_as(self, present: Grant, result: Grant) -> Grant:
        """Return the present state of a grant, granted."""
        return present.confirmed(result.posted_at or self.at)

    def follow_up(self, context: Context, steps: Sequence[tuple[Grant, Grant]]) -> tuple[Grant, ...]:
        """Have the reversals go on that wait for the doubt about a void grant to end (B11)."""
        for before, grant in steps:
            if before.status is GrantStatus.VOID_IN_DOUBT and grant.is_settled:
                for reversal in context.ports.reversals.of_referral(grant.referral):
                    if reversal.grant == grant.key:
                        context.save(reversal.after(grant), reversal)
        return ()

    def count_for(self, postings: Sequence[Grant]) -> int:
        """Return the most calls to billing that these grants need."""
        if self._bulk_for(postings) is not None:
            return 2
        return len(postings) + sum(grant.status is not GrantStatus.DUE for grant in postings)

    def results(self, postings: Sequence[Grant]) -> list[Grant]:
        """Return the grants after the calls, in their order: all, or only the first ones after a stop."""
        bulk = self._bulk_for(postings)
        if bulk is not None:
            return self._all_at_once(bulk, postings)
        results: list[Grant] = []
        for grant in postings:
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
                self._billing.grant(grant, recorded_at=self.at)
                grant = grant.confirmed(self.at)
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
            refused = bulk.grant_all(grants, recorded_at=self.at) if grants else {}
        except BillingUnavailable as error:
            return {grant.key: self._failed(grant, GrantEvent.GO_UNANSWERED, _problem(error)) for grant in grants}
        except Exception:  # noqa: BLE001 - only single calls show which grant is at fault
            return {grant.key: self._one(attrs.evolve(grant, status=GrantStatus.UNCERTAIN)) for grant in grants}
        return {
            grant.key: self._failed(grant, GrantEvent.BE_REFUSED, refused[grant.key])
            if grant.key in refused
            else grant.confirmed(self.at)
            for grant in grants
        }

    def _looked_up(self, grant: Grant, posted: Collection[str]) -> Grant:
        """Return a grant in doubt after the lookup in billing: granted, failed, sending again, or surely stopped."""
        if grant.key in posted:
            return grant.confirmed(self.at)
        if grant.attempts > self.paying.attempts and not self.insists:
            return self._failed(grant, GrantEvent.BE_MISSING, BROKEN_OFF)
        return grant.after(GrantEvent.BE_MISSING).after(GrantEvent.SEND)

    def _failed(self, grant: Grant, event: GrantEvent, problem: str) -> Grant:
        wait_until = self.paying.next_try(grant.attempts, self.at)
        return grant.failed(event, str(problem), at=self.at, wait_until=wait_until)


class ReversalCalls(Calls[Reversal]):
    """The calls to billing about reversals, each of which ends taken back, failed and to be retried, or stuck.

    Billing takes back once under a key, so a reversal of which an attempt has no known end is sent again. Where else
    some of its grant lies, because it was transferred, it is taken back there too. An adapter's exception about one
    reversal affects that reversal alone.
    """

    posted = "reversal.posted"

    def __init__(
        self, billing: Billing, paying: Paying, *, at: datetime, stop: Callable[[], bool], insists: bool
    ) -> None:
        super().__init__(billing, paying, at=at, stop=stop, insists=insists)
        self._holders: dict[str, tuple[str, ...]] = {}

    def kept_in(self, store: Repositories) -> Postings[Reversal]:
        """Return the repository of reversals."""
        return store.reversals

    def count_for(self, postings: Sequence[Reversal]) -> int:
        """Return the most calls to billing that these reversals need."""
        return 2 * len(postings)

    def is_confirmed(self, posting: Reversal) -> bool:
        """Tell whether what is unspent was taken back."""
        return posting.is_settled

    def confirmed_as(self, present: Reversal, result: Reversal) -> Reversal:
        """Return the present state of a reversal with the amount of the result."""
        return present if result.amount is None else present.confirmed(result.amount)

    def results(self, postings: Sequence[Reversal]) -> list[Reversal]:
        """Return the reversals after the calls, in their order: all, or only the first ones after a stop."""
        results: list[Reversal] = []
        for reversal in postings:
            if self._stop():
                break
            results.append(self._one(reversal))
        return results

    def follow_up(self, context: Context, steps: Sequence[tuple[Reversal, Reversal]]) -> tuple[Reversal, ...]:
        """Store a reversal for each other account on which some of a grant lies, and return those (B7, B11)."""
        further: list[Reversal] = []
        for _, reversal in steps:
            there = context.ports.reversals.of_referral(reversal.referral)
            known = {each.account for each in there if each.grant == reversal.grant}
            others = [account for account in self._holders_after(reversal) if account not in known]
            further += [context.save(reversal.on(each, self.at), act="reversal.due") for each in others]
        return tuple(further)

    def _holders_after(self, reversal: Reversal) -> tuple[str, ...]:
        return self._holders.get(reversal.grant, ()) if reversal.is_settled else ()

    def _one(self, reversal: Reversal) -> Reversal:
        billing = self._billing
        if not isinstance(billing, Reversing):
            return reversal.failed(CANNOT_REVERSE, at=self.at, wait_until=None)
        try:
            amount = billing.take_back(
                reversal.grant, reversal.account, key=reversal.key, at=reversal.recorded_at, recorded_at=self.at
            )
            self._holders[reversal.grant] = billing.holders(reversal.grant)
        except Refusal as refusal:
            problem = str(refusal.reasons[0])
        except Exception as error:  # noqa: BLE001 - a fault of the adapter must not delay the reversals behind this one
            problem = _problem(error)
        else:
            return reversal.confirmed(amount)
        return reversal.failed(problem, at=self.at, wait_until=self.paying.next_try(reversal.attempts, self.at))


def _problem(error: Exception) -> str:
    """Return an exception as the problem of a grant or a reversal, for staff: its type and message."""
    return NO_ANSWER if isinstance(error, BillingUnavailable) else f"{type(error).__name__}: {error}"[:LONGEST_PROBLEM]
