"""Payouts: grants sent to billing, each exactly once (B1, B2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Actor, Role
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.services.context import BoundService, Context
from referral_core.services.payer import BillingCalls, Payer
from referral_core.services.permissions import a_grant, everything
from referral_core.services.refusals import unknown_grant
from referral_core.values.arguments import Count, GrantKey, ReasonText
from referral_core.values.errors import Reason, Refusal


@attrs.frozen
class PayRun:
    """The result of one run of paying: the grants that it granted, delayed to a later attempt, or gave up.

    A :class:`Backlog` counts the remaining grants.
    """

    granted: int = 0
    delayed: int = 0
    given_up: int = 0

    @property
    def tried(self) -> int:
        """The number of grants that the run tried."""
        return self.granted + self.delayed + self.given_up

    @classmethod
    def of(cls, grants: Iterable[Grant]) -> PayRun:
        """Return the result of a run that left the grants in these states."""
        granted = delayed = given_up = 0
        for grant in grants:
            granted += grant.status is GrantStatus.GRANTED
            given_up += grant.is_stuck
            delayed += grant.wait_until is not None
        return cls(granted, delayed, given_up)

    def __add__(self, other: PayRun) -> PayRun:
        return PayRun(self.granted + other.granted, self.delayed + other.delayed, self.given_up + other.given_up)


@attrs.frozen
class Backlog:
    """The numbers of grants that billing has not confirmed: waiting for an attempt, and stuck."""

    waiting: int
    stuck: int


PAGE: Final = 10_000
"""The grants of a page where billing takes many in one call."""
FEW: Final = 20
"""The grants of a page where billing takes them one by one: so many are in doubt if the payer dies."""
SETTLER: Final = Actor.system("payouts")
"""The actor that pays due grants before a bill or a transfer reads billing."""
_STOPPED: Final = {GrantStatus.HELD: Reason.REFERRAL_HELD, GrantStatus.VOID: Reason.REFERRAL_VOID}
"""The reasons why a grant cannot be tried again."""


def _never() -> bool:
    return False


class Payouts(BoundService):
    """The acts that pay grants to billing.

    A grant is taken before billing is called and settled afterwards, in separate transactions. A grant that is found
    taken or ``uncertain`` is looked up in billing by its key before it is posted again. So a grant is granted once,
    whatever fails in between and however many payers run at once (B2). A failed grant delays no other: it is retried
    after growing pauses, and is *stuck* after the last of the programme's attempts.
    """

    @act("grant.pay", least=Role.SYSTEM, bulk=True, touches=(everything,))
    def pay_due(self, *, most: Count | None = None, stop: Callable[[], bool] = _never) -> PayRun:
        """Pay every grant that is due, once each and at most ``most`` of them; for systems only (A1).

        Each step is a transaction of its own, and billing is called outside of transactions. A run may be interrupted
        anywhere and repeated, and several may run at once: a grant that another payer has taken is passed by until its
        lease ends. ``stop`` is asked before every grant, or before every page where billing takes many grants in one
        call, whether to end the run there.

        :raises Refusal: ``not-allowed``.
        """
        calls = self._calls(stop, insists=False)
        payer = Payer(self._context, calls)
        run, size = PayRun(), _page_size(calls)
        while not stop() and (most is None or run.tried < most):
            limit = size if most is None else min(size, most - run.tried)
            # Read inside the transaction that takes them, so that concurrent payers get different pages.
            page = payer.pay(partial(self._ports.grants.unsettled, self._now, limit))
            if not page.taken:
                break
            run += PayRun.of(page.settled)
        return run

    @act("grant.pay-all", least=Role.SYSTEM, bulk=True, touches=(everything,))
    def pay_all(self, *, stop: Callable[[], bool] = _never) -> PayRun:
        """Pay every grant that billing has not confirmed and nobody has stopped: due, waiting and stuck ones.

        A grant that another payer has taken is looked up in billing first. Otherwise as :meth:`pay_due`.

        :raises Refusal: ``not-allowed``.
        """
        return self.pay(self._ports.grants.all(unsettled=True), stop=stop)

    @act("grant.pay-these", least=Role.SYSTEM, bulk=True, touches=(everything,))
    def pay(self, grants: Iterable[Grant], *, stop: Callable[[], bool] = _never) -> PayRun:
        """Pay these grants as :meth:`pay_all` does; granted, held and void ones are left unchanged.

        :raises Refusal: ``not-allowed``.
        """
        calls = self._calls(stop, insists=True)
        payer = Payer(self._context, calls)
        run, open_ones = PayRun(), (grant for grant in grants if not grant.is_settled)
        while not stop() and (page := _page(open_ones, calls)):
            run += PayRun.of(payer.pay(partial(tuple, page)).settled)
        return run

    @act("grant.stuck", least=Role.SUPERVISOR, streams=True)
    def stuck(self) -> Iterator[Grant]:
        """Yield the stuck grants in order of key, for supervisors and above.

        An actor limited to some segments sees the grants of accounts in them, if the contract is in them too.

        :raises Refusal: ``not-allowed``.
        """
        permissions = self._permissions
        return (
            grant
            for grant in self._stuck()
            if permissions.sees(accounts=(grant.account,)) and permissions.sees_contract(grant.referral)
        )

    @act("grant.backlog", least=Role.SUPERVISOR, reads=True, touches=(everything,))
    def backlog(self) -> Backlog:
        """Count the grants that billing has not confirmed, for supervisors and above.

        :raises Refusal: ``not-allowed``.
        """
        waiting = stuck = 0
        for grant in self._ports.grants.all(unsettled=True):
            is_stuck = _is_stuck(grant, self._now)
            stuck += is_stuck
            waiting += not is_stuck
        return Backlog(waiting, stuck)

    @act("grant.retry", least=Role.SUPERVISOR, manual=True, touches=(a_grant,))
    def retry(self, key: GrantKey, *, reason: ReasonText | None = None) -> Grant:
        """Retry a stuck or waiting grant: it is due from now on, with its full number of attempts.

        The next run pays it. A granted grant, or one that a payer has taken, is returned unchanged.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``referral-unknown`` when no grant has this key,
            ``referral-held`` and ``referral-void`` when it is not to be sent.
        """
        grant = self._ports.grants.find(key)
        if grant is None:
            raise unknown_grant(key)
        if grant.status in _STOPPED:
            raise Refusal(_STOPPED[grant.status], message=f"grant {key} is {grant.status}", field="key")
        # A payer may be at a stopped grant in doubt as well as at one that is being sent, unless it is stuck.
        if not grant.is_stuck and grant.status not in {GrantStatus.DUE, GrantStatus.UNCERTAIN}:
            return grant
        return self._context.save(grant.retried(self._now), grant, act="grant.retry", reason=reason)

    def _calls(self, stop: Callable[[], bool], *, insists: bool) -> BillingCalls:
        return BillingCalls(self._ports.billing, self._programme.paying, at=self._now, stop=stop, insists=insists)

    def _stuck(self) -> Iterator[Grant]:
        return (grant for grant in self._ports.grants.all(unsettled=True) if _is_stuck(grant, self._now))


def settle(context: Context, accounts: Iterable[str]) -> None:
    """Pay the due grants of some accounts, so that billing holds everything that a bill or a transfer may use (B2).

    Failed grants wait for their next attempt, and stuck ones for staff, as in any other run. A grant that a payer has
    taken is looked up in billing, because that payer may have died.
    """
    now, grants = context.now, context.store.grants
    _post(
        context,
        [
            grant
            for account in dict.fromkeys(accounts)
            for grant in grants.all(account=account, unsettled=True)
            if grant.status is GrantStatus.SENDING or _is_due(grant, now)
        ],
        insists=True,
    )


def due_of(context: Context, contracts: Iterable[str]) -> list[Grant]:
    """Return the grants of some contracts' referrals that can be sent now; another payer may have them."""
    keys = [f"{side}/{contract}" for contract in contracts for side in Side]
    found = map(context.store.grants.find, keys)
    return [grant for grant in found if grant is not None and _is_due(grant, context.now)]


def send(context: Context, contracts: Iterable[str]) -> None:
    """Pay the due grants of some contracts' referrals; those that another payer has taken are left to it (B1).

    Failed grants wait for their next attempt, and stuck ones for staff, as in any other run.
    """
    _post(context, due_of(context, contracts), insists=False)


def _post(context: Context, due: Sequence[Grant], *, insists: bool) -> None:
    if due:
        paying = context.programme.paying
        calls = BillingCalls(context.store.billing, paying, at=context.now, stop=_never, insists=insists)
        Payer(attrs.evolve(context, actor=SETTLER), calls).pay(lambda: due)


def _is_due(grant: Grant, now: datetime) -> bool:
    return grant.wait_until is not None and grant.wait_until <= now


def _page(grants: Iterator[Grant], calls: BillingCalls) -> tuple[Grant, ...]:
    """Return the grants of the next page; the size of a page is looked up only if there are any."""
    first = next(grants, None)
    return () if first is None else (first, *islice(grants, _page_size(calls) - 1))


def _page_size(calls: BillingCalls) -> int:
    return PAGE if calls.takes_many else FEW


def _is_stuck(grant: Grant, at: datetime) -> bool:
    return grant.is_stuck and (grant.failed_at is None or grant.failed_at <= at)
