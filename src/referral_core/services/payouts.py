"""Payouts: grants and reversals sent to billing, each exactly once (B1, B2, B11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Actor, Role
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.entities.reversal import Reversal, ReversalStatus
from referral_core.ports.grants import P
from referral_core.services.context import BoundService, Context
from referral_core.services.payer import Calls, GrantCalls, Payer, ReversalCalls
from referral_core.services.permissions import a_grant, everything
from referral_core.services.refusals import unknown_grant
from referral_core.values.arguments import Count, GrantKey, ReasonText
from referral_core.values.errors import Reason, Refusal

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories


@attrs.frozen
class PayRun:
    """The result of one run of paying: the grants that it granted, and the reversals that it saw taken back.

    ``delayed`` and ``given_up`` count both: those that are tried again later, and those that are stuck. A
    :class:`Backlog` counts what remains.
    """

    granted: int = 0
    delayed: int = 0
    given_up: int = 0
    taken_back: int = 0

    @property
    def tried(self) -> int:
        """The number of grants and reversals that the run tried."""
        return self.granted + self.delayed + self.given_up + self.taken_back

    @classmethod
    def of(cls, postings: Iterable[Grant | Reversal]) -> PayRun:
        """Return the result of a run that left the grants and reversals in these states."""
        granted = delayed = given_up = taken_back = 0
        for each in postings:
            granted += each.status is GrantStatus.GRANTED
            given_up += each.is_stuck
            delayed += each.wait_until is not None
            taken_back += each.status is ReversalStatus.TAKEN_BACK
        return cls(granted, delayed, given_up, taken_back)

    def __add__(self, other: PayRun) -> PayRun:
        return PayRun(
            self.granted + other.granted,
            self.delayed + other.delayed,
            self.given_up + other.given_up,
            self.taken_back + other.taken_back,
        )


@attrs.frozen
class Backlog:
    """The numbers of grants and reversals that billing has not confirmed: waiting for an attempt, and stuck."""

    waiting: int
    stuck: int


PAGE: Final = 10_000
"""The grants of a page where billing takes many in one call."""
FEW: Final = 20
"""The postings of a page where billing takes them one by one: so many are in doubt if the payer dies."""
SETTLER: Final = Actor.system("payouts")
"""The actor that pays due grants before a bill or a transfer reads billing."""
_STOPPED: Final = {GrantStatus.HELD: Reason.REFERRAL_HELD, GrantStatus.VOID: Reason.REFERRAL_VOID}
"""The reasons why a grant cannot be tried again."""


def _never() -> bool:
    return False


class Payouts(BoundService):
    """The acts that pay grants to billing, and have them taken back.

    A grant is taken before billing is called and settled afterwards, in separate transactions. A grant that is found
    taken or ``uncertain`` is looked up in billing by its key before it is posted again. So a grant is granted once,
    whatever fails in between and however many payers run at once (B2). A failed grant delays no other: it is retried
    after growing pauses, and is *stuck* after the last of the programme's attempts. A reversal goes the same way. It
    waits until billing surely has its grant or has it not, and is stuck at once if billing cannot take anything back.
    """

    @act("grant.pay", least=Role.SYSTEM, bulk=True, touches=(everything,))
    def pay_due(self, *, most: Count | None = None, stop: Callable[[], bool] = _never) -> PayRun:
        """Pay every grant and reversal that is due, once each and at most ``most`` of them; for systems only (A1).

        Each step is a transaction of its own, and billing is called outside of transactions. A run may be interrupted
        anywhere and repeated, and several may run at once: a grant that another payer has taken is passed by until its
        lease ends. ``stop`` is asked before every grant, or before every page where billing takes many grants in one
        call, whether to end the run there.

        :raises Refusal: ``not-allowed``.
        """
        run = self._pay_due(self._grants(stop, insists=False), most, stop)
        left = None if most is None else most - run.tried
        # After the grants, since a reversal may wait for the doubt about its grant to end.
        return run + self._pay_due(self._reversals(stop, insists=False), left, stop)

    @act("grant.pay-all", least=Role.SYSTEM, bulk=True, touches=(everything,))
    def pay_all(self, *, stop: Callable[[], bool] = _never) -> PayRun:
        """Pay everything that billing has not confirmed and nobody has stopped: due, waiting and stuck ones.

        A grant that another payer has taken is looked up in billing first. Otherwise as :meth:`pay_due`.

        :raises Refusal: ``not-allowed``.
        """
        run = self.pay(self._ports.grants.all(unsettled=True), stop=stop)
        # Read after the grants are paid, since a reversal may wait for the doubt about its grant to end.
        return run + self.pay(self._ports.reversals.all(unsettled=True), stop=stop)

    @act("grant.pay-these", least=Role.SYSTEM, bulk=True, touches=(everything,))
    def pay(self, grants: Iterable[Grant | Reversal], *, stop: Callable[[], bool] = _never) -> PayRun:
        """Pay these grants and reversals as :meth:`pay_all` does; settled and waiting ones are left unchanged.

        :raises Refusal: ``not-allowed``.
        """
        run, open_ones = PayRun(), (each for each in grants if can_be_sent(each))
        for kind, of_kind in groupby(open_ones, type):
            if kind is Grant:
                run += _pay_these(self._context, self._grants(stop, insists=True), of_kind, stop)
            else:
                run += _pay_these(self._context, self._reversals(stop, insists=True), of_kind, stop)
        return run

    @act("grant.stuck", least=Role.SUPERVISOR, streams=True)
    def stuck(self) -> Iterator[Grant | Reversal]:
        """Yield the stuck grants in order of key, and then the stuck reversals, for supervisors and above.

        An actor limited to some segments sees those of accounts in them, if the contract is in them too.

        :raises Refusal: ``not-allowed``.
        """
        permissions = self._permissions
        return (
            each
            for each in self._stuck()
            if permissions.sees(accounts=(each.account,)) and permissions.sees_contract(each.referral)
        )

    @act("grant.backlog", least=Role.SUPERVISOR, reads=True, touches=(everything,))
    def backlog(self) -> Backlog:
        """Count the grants and reversals that billing has not confirmed, for supervisors and above.

        :raises Refusal: ``not-allowed``.
        """
        waiting = stuck = 0
        for each in unsettled(self._ports):
            is_stuck = _is_stuck(each, self._now)
            stuck += is_stuck
            waiting += not is_stuck
        return Backlog(waiting, stuck)

    @act("grant.retry", least=Role.SUPERVISOR, manual=True, touches=(a_grant,))
    def retry(self, key: GrantKey, *, reason: ReasonText | None = None) -> Grant | Reversal:
        """Retry a stuck or waiting grant or reversal: it is due from now on, with its full number of attempts.

        The next run pays it. What is granted or taken back, or is taken by a payer, is returned unchanged, and so is
        a reversal that waits for its grant.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``referral-unknown`` when no grant has this key,
            ``referral-held`` and ``referral-void`` when it is not to be sent.
        """
        grant = self._ports.grants.find(key)
        if grant is None:
            return self._retry_reversal(key, reason)
        if grant.status in _STOPPED:
            raise Refusal(_STOPPED[grant.status], message=f"grant {key} is {grant.status}", field="key")
        # A payer may be at a stopped grant in doubt as well as at one that is being sent, unless it is stuck.
        if not grant.is_stuck and grant.status not in {GrantStatus.DUE, GrantStatus.UNCERTAIN}:
            return grant
        return self._context.save(grant.retried(self._now), grant, act="grant.retry", reason=reason)

    def _retry_reversal(self, key: str, reason: str | None) -> Reversal:
        reversal = self._ports.reversals.find(key)
        if reversal is None:
            raise unknown_grant(key)
        if not reversal.is_stuck and reversal.status is not ReversalStatus.DUE:
            return reversal
        return self._context.save(reversal.retried(self._now), reversal, act="grant.retry", reason=reason)

    def _pay_due(self, calls: Calls[Any], most: int | None, stop: Callable[[], bool]) -> PayRun:
        payer, postings = Payer(self._context, calls), calls.kept_in(self._ports)
        run, size = PayRun(), _page_size(calls)
        while not stop() and (most is None or run.tried < most):
            limit = size if most is None else min(size, most - run.tried)
            # Read inside the transaction that takes them, so that concurrent payers get different pages.
            page = payer.pay(partial(postings.unsettled, self._now, limit))
            if not page.taken:
                break
            run += PayRun.of(page.settled)
        return run

    def _grants(self, stop: Callable[[], bool], *, insists: bool) -> GrantCalls:
        return GrantCalls(self._ports.billing, self._programme.paying, at=self._now, stop=stop, insists=insists)

    def _reversals(self, stop: Callable[[], bool], *, insists: bool) -> ReversalCalls:
        return ReversalCalls(self._ports.billing, self._programme.paying, at=self._now, stop=stop, insists=insists)

    def _stuck(self) -> Iterator[Grant | Reversal]:
        return (each for each in unsettled(self._ports) if _is_stuck(each, self._now))


def unsettled(ports: Repositories, account: str | None = None) -> Iterator[Grant | Reversal]:
    """Yield the grants and then the reversals that billing has not confirmed, all or those of one account."""
    yield from ports.grants.all(account=account, unsettled=True)
    yield from ports.reversals.all(account=account, unsettled=True)


def can_be_sent(posting: Grant | Reversal) -> bool:
    """Tell whether there is something to do for a payer: not for what is settled, or waits for its grant."""
    return not posting.is_settled and posting.status is not ReversalStatus.WAITING


def settle(context: Context, accounts: Iterable[str]) -> None:
    """Pay what is due on some accounts, so that billing holds everything that a bill or a transfer may use (B2, B13).

    What fails waits for its next attempt, and what is stuck for staff, as in any other run. What a payer has taken is
    sent or looked up again, because that payer may have died.
    """
    now = context.now
    _post(
        context,
        [
            each
            for account in dict.fromkeys(accounts)
            for each in unsettled(context.store, account)
            if each.status in {GrantStatus.SENDING, ReversalStatus.SENDING} or _is_due(each, now)
        ],
        insists=True,
    )


def due_of(context: Context, contracts: Iterable[str]) -> list[Grant | Reversal]:
    """Return the grants and reversals of some contracts' referrals that can be sent now; another payer may have them.

    Reversals are looked for only where a grant is granted: before that there is nothing to take back.
    """
    due: list[Grant | Reversal] = []
    for contract in contracts:
        found = [context.store.grants.find(f"{side}/{contract}") for side in Side]
        grants = [grant for grant in found if grant is not None]
        due += grants
        if any(grant.status is GrantStatus.GRANTED for grant in grants):
            due += context.store.reversals.of_referral(contract)
    return [each for each in due if _is_due(each, context.now)]


def send(context: Context, contracts: Iterable[str]) -> None:
    """Pay what is due of some contracts' referrals; what another payer has taken is left to it (B1).

    What fails waits for its next attempt, and what is stuck for staff, as in any other run.
    """
    _post(context, due_of(context, contracts), insists=False)


def _post(context: Context, due: Sequence[Grant | Reversal], *, insists: bool) -> None:
    if not due:
        return
    grants = [each for each in due if isinstance(each, Grant)]
    reversals = [each for each in due if isinstance(each, Reversal)]
    billing, paying, payers = context.store.billing, context.programme.paying, attrs.evolve(context, actor=SETTLER)
    how: dict[str, Any] = {"at": context.now, "stop": _never, "insists": insists}
    if grants:
        Payer(payers, GrantCalls(billing, paying, **how)).pay(lambda: grants)
    if reversals:
        Payer(payers, ReversalCalls(billing, paying, **how)).pay(lambda: reversals)


def _pay_these(context: Context, calls: Calls[Any], postings: Iterator[Any], stop: Callable[[], bool]) -> PayRun:
    payer, run = Payer(context, calls), PayRun()
    while not stop() and (page := _page(postings, calls)):
        run += PayRun.of(payer.pay(partial(tuple, page)).settled)
    return run


def _is_due(posting: Grant | Reversal, now: datetime) -> bool:
    return posting.wait_until is not None and posting.wait_until <= now


def _page(postings: Iterator[P], calls: Calls[P]) -> tuple[P, ...]:
    """Return the postings of the next page; the size of a page is looked up only if there are any."""
    first = next(postings, None)
    return () if first is None else (first, *islice(postings, _page_size(calls) - 1))


def _page_size(calls: Calls[Any]) -> int:
    return PAGE if calls.takes_many else FEW


def _is_stuck(posting: Grant | Reversal, at: datetime) -> bool:
    return posting.is_stuck and (posting.failed_at is None or posting.failed_at <= at)
