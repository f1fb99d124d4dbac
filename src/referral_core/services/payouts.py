"""Paying out: legs sent to billing, each exactly once (B1, B2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Actor, Role
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.services.asking_billing import AskingBilling
from referral_core.services.context import BoundService, Context
from referral_core.services.pay_run import Backlog, PayRun
from referral_core.services.permissions import a_grant, everything
from referral_core.services.sending import Sending
from referral_core.services.unknown import unknown_leg
from referral_core.values.arguments import Count, GrantKey, ReasonText

PAGE: Final = 10_000
"""How many legs are taken at a time where billing takes many in one call."""
FEW: Final = 20
"""How many where it takes them one by one: so many are left in doubt if the payer dies."""


PAYER: Final = Actor.system("payouts")
"""Who sends what is due before a bill or a transfer looks at what billing holds."""


def _never() -> bool:
    return False


class Payouts(BoundService):
    """Legs on their way to billing.

    A leg is taken before billing is called and settled afterwards, in transactions of their own. What is found taken,
    or ``uncertain``, is looked up in billing by its key before anything is sent again, so a leg is granted once,
    whatever fails in between and however many pay at once (B2). One that fails holds up no other: it is tried again
    after a pause that grows, and is *stuck* when its attempts are used up, which the programme sets.
    """

    @act("grant.pay", least=Role.SYSTEM, bulk=True, touches=(everything,))
    def pay_due(self, *, most: Count | None = None, stop: Callable[[], bool] = _never) -> PayRun:
        """Send every leg that need not wait any more, once each, at most so many as ``most`` says; systems only (A1).

        Each step is a transaction of its own, and billing is called outside of them. May be
        interrupted anywhere and run again, also by several at once: what another payer has is passed by until that
        one's lease runs out. ``stop`` is asked before every leg, or before every page where billing takes many legs in
        one call, whether to end the run there.

        :raises Refusal: ``not-allowed``.
        """
        asking = self._asking(stop, insists=False)
        sending = Sending(self._context, asking)
        run, size = PayRun(), _page_size(asking)
        while not stop() and (most is None or run.tried < most):
            limit = size if most is None else min(size, most - run.tried)
            page = sending.send(partial(self._ports.grants.unsettled, self._now, limit))
            if not page.taken:
                break
            run += PayRun.of(page.settled)
        return run

    @act("grant.pay-all", least=Role.SYSTEM, bulk=True, touches=(everything,))
    def pay_all(self, *, stop: Callable[[], bool] = _never) -> PayRun:
        """Send every leg that billing has not confirmed, once each, whatever it waits for, stuck ones too.

        What another payer has, or had when it died, is looked up in billing first. Else as :meth:`pay_due`.

        :raises Refusal: ``not-allowed``.
        """
        return self.pay(self._ports.grants.all(unsettled=True), stop=stop)

    @act("grant.pay-these", least=Role.SYSTEM, bulk=True, touches=(everything,))
    def pay(self, legs: Iterable[Grant], *, stop: Callable[[], bool] = _never) -> PayRun:
        """Send these legs, as :meth:`pay_all` sends all of them; those that are granted are left alone.

        :raises Refusal: ``not-allowed``.
        """
        asking = self._asking(stop, insists=True)
        sending = Sending(self._context, asking)
        run, open_ones = PayRun(), (leg for leg in legs if leg.status is not GrantStatus.GRANTED)
        while not stop() and (page := _page(open_ones, asking)):
            run += PayRun.of(sending.send(partial(tuple, page)).settled)
        return run

    @act("grant.stuck", least=Role.SUPERVISOR, streams=True)
    def stuck(self) -> Iterator[Grant]:
        """Yield the legs that are stuck by now, in order of key, to a supervisor or above.

        Somebody limited to some segments is shown the legs of contracts in them.

        :raises Refusal: ``not-allowed``.
        """
        actor = self._actor
        return (leg for leg in self._stuck() if actor.segments is None or self._segments(leg) <= actor.segments)

    @act("grant.backlog", least=Role.SUPERVISOR, reads=True, touches=(everything,))
    def backlog(self) -> Backlog:
        """Count the legs that billing has not confirmed, for a supervisor or above.

        :raises Refusal: ``not-allowed``.
        """
        waiting = stuck = 0
        for leg in self._ports.grants.all(unsettled=True):
            is_stuck = _is_stuck(leg, self._now)
            stuck += is_stuck
            waiting += not is_stuck
        return Backlog(waiting, stuck)

    @act("grant.retry", least=Role.SUPERVISOR, manual=True, touches=(a_grant,))
    def retry(self, key: GrantKey, *, reason: ReasonText | None = None) -> Grant:
        """Have a leg that is stuck, or waits, tried again from now on, as often as a new one.

        It is sent by the next run. One that is granted, or that a payer has at the moment, stays as it is. Returns the
        leg as it is by then.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``referral-unknown`` when there is no leg of this key.
        """
        leg = self._ports.grants.find(key)
        if leg is None:
            raise unknown_leg(key)
        if leg.status in {GrantStatus.GRANTED, GrantStatus.SENDING}:
            return leg
        return self._context.save(leg.retried(self._now), leg, act="grant.retry", reason=reason)

    def _asking(self, stop: Callable[[], bool], *, insists: bool) -> AskingBilling:
        return AskingBilling(self._ports.billing, self._programme.paying, at=self._now, stop=stop, insists=insists)

    def _stuck(self) -> Iterator[Grant]:
        return (leg for leg in self._ports.grants.all(unsettled=True) if _is_stuck(leg, self._now))

    def _segments(self, leg: Grant) -> frozenset[str]:
        contract = self._ports.contracts.find(leg.referral)
        return frozenset() if contract is None else frozenset({contract.segment})


def settle(context: Context, accounts: Iterable[str]) -> None:
    """Send what is due to some accounts, so that billing holds all that a bill or a transfer may take (B2).

    What billing refused or did not answer waits for its time, and what is stuck for staff, as in any other run. What a
    payer has taken is looked up in billing: it may have died.
    """
    now, grants = context.now, context.store.grants
    due = [
        grant
        for account in dict.fromkeys(accounts)
        for grant in grants.all(account=account, unsettled=True)
        if grant.status is GrantStatus.SENDING or (grant.wait_until is not None and grant.wait_until <= now)
    ]
    if due:
        paying = context.programme.paying
        asking = AskingBilling(context.store.billing, paying, at=now, stop=_never, insists=True)
        Sending(attrs.evolve(context, actor=PAYER), asking).send(lambda: due)


def _page(legs: Iterator[Grant], asking: AskingBilling) -> tuple[Grant, ...]:
    """Return the legs of the next page; how many fit on one is asked only if there are any."""
    first = next(legs, None)
    return () if first is None else (first, *islice(legs, _page_size(asking) - 1))


def _page_size(asking: AskingBilling) -> int:
    return PAGE if asking.takes_many else FEW


def _is_stuck(leg: Grant, at: datetime) -> bool:
    return leg.is_stuck and (leg.failed_at is None or leg.failed_at <= at)
