"""Paying out: legs sent to billing, each exactly once (B1, B2)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.grant import Grant, GrantEvent, GrantStatus
from referral_core.entities.trace_entry import TraceNote, account_subject
from referral_core.values.errors import BillingUnavailable, Refusal
from referral_core.values.moment import moment

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports

Within = Callable[[], AbstractContextManager[object]]
"""How the caller has something done in one transaction of its own."""

PAGE = 500


@attrs.frozen
class PayRun:
    """What one run of paying did: how many legs billing confirmed, how many it still owes an answer for."""

    granted: int
    waiting: int


class Payouts:
    """Legs on their way to billing.

    A leg is marked ``sending`` before billing is called and settled afterwards, in transactions of their own. What is
    found ``sending`` or ``uncertain`` is looked up in billing by its key before anything is sent again, so a leg is
    granted once, whatever fails in between (B2).
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def pay_due(self, *, at: datetime, actor: Actor, within: Within) -> PayRun:
        """Send every leg that billing has not confirmed, once each; one that fails does not hold up another.

        ``within`` is called for each step that must be one transaction; billing is called outside of them. May be
        interrupted anywhere and run again.
        """
        at = moment(at)
        granted = waiting = 0
        after = ""
        while legs := self._ports.grants.unsettled(PAGE, after):
            for leg in legs:
                settled = self.pay(leg, at=at, actor=actor, within=within)
                granted += settled
                waiting += not settled
            after = legs[-1].key
        return PayRun(granted, waiting)

    def pay(self, leg: Grant, *, at: datetime, actor: Actor, within: Within) -> bool:
        """Send one leg, having asked billing first if an earlier attempt is in doubt; tell whether it is granted."""
        with within():
            claimed = self.advance(leg, GrantEvent.SEND, at=at, actor=actor)
        if claimed.status is GrantStatus.UNCERTAIN:
            with within():
                claimed = self.advance(claimed, self._asked(claimed), at=at, actor=actor)
            if claimed.status is not GrantStatus.DUE:
                return claimed.status is GrantStatus.GRANTED
            with within():
                claimed = self.advance(claimed, GrantEvent.SEND, at=at, actor=actor)
        if claimed.status is not GrantStatus.SENDING:
            return claimed.status is GrantStatus.GRANTED
        answer = self._sent(claimed)
        with within():
            return self.advance(claimed, answer, at=at, actor=actor).status is GrantStatus.GRANTED

    def advance(self, leg: Grant, event: GrantEvent, *, at: datetime, actor: Actor) -> Grant:
        """Store what happened to a leg, from the state the store has it in by now; trace when it is granted."""
        present = self._ports.grants.find(leg.key) or leg
        following = present.after(event)
        if following == present:
            return present
        self._ports.grants.replace(following)
        if following.status is GrantStatus.GRANTED:
            after = {"grant": leg.key, "amount": str(leg.amount)}
            self._ports.trace.append(TraceNote(account_subject(leg.account), at, Act.GRANT_POSTED, actor, None, after))
        return following

    def _sent(self, leg: Grant) -> GrantEvent:
        try:
            self._ports.billing.grant(leg)
        except (BillingUnavailable, Refusal):  # a leg that billing refuses stays waiting and holds up no other
            return GrantEvent.GO_UNANSWERED
        return GrantEvent.BE_FOUND

    def _asked(self, leg: Grant) -> GrantEvent:
        try:
            found = self._ports.billing.has_grant(leg.key)
        except BillingUnavailable:
            return GrantEvent.GO_UNANSWERED
        return GrantEvent.BE_FOUND if found else GrantEvent.BE_MISSING
