"""Paying out: legs sent to billing, each exactly once (B1, B2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.entities.trace_entry import State, TraceNote, account_subject
from referral_core.programme.programme import Programme
from referral_core.rules.permissions import permit, required_reason
from referral_core.use_cases.admitting import Admitting
from referral_core.use_cases.asking_billing import AskingBilling
from referral_core.use_cases.pay_run import Backlog, PayRun
from referral_core.use_cases.sending import Sending, Within
from referral_core.use_cases.unknown import unknown_leg
from referral_core.values.errors import ConcurrentChange
from referral_core.values.moment import moment

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports

PAGE: Final = 10_000
"""How many legs are taken at a time where billing takes many in one call."""
FEW: Final = 20
"""How many where it takes them one by one: so many are left in doubt if the payer dies."""


def _never() -> bool:
    return False


class Payouts:
    """Legs on their way to billing.

    A leg is taken before billing is called and settled afterwards, in transactions of their own. What is found taken,
    or ``uncertain``, is looked up in billing by its key before anything is sent again, so a leg is granted once,
    whatever fails in between and however many pay at once (B2). One that fails holds up no other: it is tried again
    after a pause that grows, and is *stuck* when its attempts are used up, which the programme sets.
    """

    def __init__(self, programme: Programme, ports: Ports) -> None:
        self._programme = programme
        self._ports = ports
        self._admitting = Admitting(ports)

    def pay_due(
        self,
        *,
        at: datetime,
        actor: Actor,
        within: Within,
        most: int | None = None,
        stop: Callable[[], bool] = _never,
    ) -> PayRun:
        """Send every leg that need not wait any more, once each, at most so many as ``most`` says; systems only (A1).

        ``within`` is called for each step that must be one transaction; billing is called outside of them. May be
        interrupted anywhere and run again, also by several at once: what another payer has is passed by until that
        one's lease runs out. ``stop`` is asked before every leg, or before every page where billing takes many legs in
        one call, whether to end the run there.

        :raises Refusal: ``not-allowed``.
        """
        at = moment(at)
        asking = self._asking(at, actor, stop, insists=False)
        sending = Sending(self._ports, asking, actor=actor, within=within)
        run, size = PayRun(), _page_size(asking)
        while not stop() and (most is None or run.tried < most):
            limit = size if most is None else min(size, most - run.tried)
            page = sending.send(partial(self._ports.grants.unsettled, at, limit))
            if not page.taken:
                break
            run += PayRun.of(page.settled)
        return run

    def pay_all(self, *, at: datetime, actor: Actor, within: Within, stop: Callable[[], bool] = _never) -> PayRun:
        """Send every leg that billing has not confirmed, once each, whatever it waits for, stuck ones too.

        What another payer has, or had when it died, is looked up in billing first. Else as :meth:`pay_due`.

        :raises Refusal: ``not-allowed``.
        """
        return self.pay(self._ports.grants.all(unsettled=True), at=at, actor=actor, within=within, stop=stop)

    def pay(
        self,
        legs: Iterable[Grant],
        *,
        at: datetime,
        actor: Actor,
        within: Within,
        stop: Callable[[], bool] = _never,
    ) -> PayRun:
        """Send these legs, as :meth:`pay_all` sends all of them; those that are granted are left alone.

        :raises Refusal: ``not-allowed``.
        """
        asking = self._asking(moment(at), actor, stop, insists=True)
        sending = Sending(self._ports, asking, actor=actor, within=within)
        run, open_ones = PayRun(), (leg for leg in legs if leg.status is not GrantStatus.GRANTED)
        while not stop() and (page := _page(open_ones, asking)):
            run += PayRun.of(sending.send(partial(tuple, page)).settled)
        return run

    def stuck(self, *, at: datetime, actor: Actor) -> Iterator[Grant]:
        """Yield the legs that are stuck by a moment, in order of key, to a supervisor or above.

        Somebody limited to some segments is shown the legs of contracts in them.

        :raises Refusal: ``not-allowed``.
        """
        at = moment(at)
        permit(actor, Act.GRANT_RETRY)
        return (leg for leg in self._stuck(at) if actor.segments is None or self._segments(leg) <= actor.segments)

    def backlog(self, *, at: datetime, actor: Actor) -> Backlog:
        """Count the legs that billing has not confirmed, for a supervisor or above.

        :raises Refusal: ``not-allowed``.
        """
        at = moment(at)
        permit(actor, Act.GRANT_RETRY, self._programme.segments)
        waiting = stuck = 0
        for leg in self._ports.grants.all(unsettled=True):
            is_stuck = _is_stuck(leg, at)
            stuck += is_stuck
            waiting += not is_stuck
        return Backlog(waiting, stuck)

    def retry(self, key: str, *, at: datetime, actor: Actor, reason: str | None = None) -> Grant:
        """Have a leg that is stuck, or waits, tried again from ``at`` on, as often as a new one.

        It is sent by the next run. One that is granted, or that a payer has at the moment, stays as it is. Returns the
        leg as it is by then.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``referral-unknown`` when there is no leg of this key.
        """
        at = moment(at)
        leg = self._ports.grants.find(key)
        self._admitting.admit(actor, Act.GRANT_RETRY, accounts=(leg.account,) if leg else ())
        reason = required_reason(actor, Act.GRANT_RETRY, reason)
        if leg is None:
            raise unknown_leg(key)
        if leg.status in {GrantStatus.GRANTED, GrantStatus.SENDING}:
            return leg
        retried = leg.retried(at)
        if not self._ports.grants.change([(leg, retried)]):
            raise ConcurrentChange(f"somebody else is at the leg {key} at this moment")
        subject = account_subject(leg.account)
        self._ports.trace.append(
            TraceNote(subject, at, Act.GRANT_RETRY, actor, _leg_state(leg), _leg_state(retried), reason)
        )
        return retried

    def _asking(self, at: datetime, actor: Actor, stop: Callable[[], bool], *, insists: bool) -> AskingBilling:
        permit(actor, Act.GRANT_PAY, self._programme.segments)
        return AskingBilling(self._ports.billing, self._programme.paying, at=at, stop=stop, insists=insists)

    def _stuck(self, at: datetime) -> Iterator[Grant]:
        return (leg for leg in self._ports.grants.all(unsettled=True) if _is_stuck(leg, at))

    def _segments(self, leg: Grant) -> frozenset[str]:
        contract = self._ports.contracts.find(leg.referral)
        return frozenset() if contract is None else frozenset({contract.segment})


def _page(legs: Iterator[Grant], asking: AskingBilling) -> tuple[Grant, ...]:
    """Return the legs of the next page; how many fit on one is asked only if there are any."""
    first = next(legs, None)
    return () if first is None else (first, *islice(legs, _page_size(asking) - 1))


def _page_size(asking: AskingBilling) -> int:
    return PAGE if asking.takes_many else FEW


def _is_stuck(leg: Grant, at: datetime) -> bool:
    return leg.is_stuck and (leg.failed_at is None or leg.failed_at <= at)


def _leg_state(leg: Grant) -> State:
    """Return what the trace keeps of a leg."""
    return {"grant": leg.key, "status": leg.status, "attempts": str(leg.attempts), "problem": leg.problem}
