"""Delivering to one receiver: event after event, each until it is confirmed."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from threading import Event
from typing import Final, Protocol

import attrs

from referral_adapters.http.webhooks.message import Message
from referral_adapters.http.webhooks.pace import Pace
from referral_adapters.http.webhooks.send import Reply, Send, Unanswered
from referral_adapters.http.webhooks.standing import STOPPED
from referral_adapters.http.webhooks.turn import Delivered, Turn
from referral_adapters.http.webhooks.webhook import Webhook
from referral_core.entities.trace import Published
from referral_core.ports.trace import TraceRepository
from referral_core.values.errors import TraceUnreadable

LOG: Final = logging.getLogger("referral_adapters.http.webhooks")
"""What happens to receivers, by name: no URLs, and nothing of what is sent."""

_READ_AT_ONCE: Final = 100


class OutgoingStore(Protocol):
    """A store whose trace is published, and keeps how far its receivers have got."""

    @property
    def trace(self) -> TraceRepository:
        """What is published, and to whom."""
        ...


@attrs.frozen(kw_only=True)
class Delivery:
    """Sends one receiver what it has not got, as far as it goes now."""

    store: OutgoingStore
    webhook: Webhook
    source: str
    clock: Callable[[], datetime]
    send: Send
    pace: Pace

    def deliver(self, stop: Event) -> Delivered:
        """Take a turn at the receiver, if there is anything for it and nobody else is at it."""
        name = self.webhook.name
        if not self._has_something():
            return Delivered(name)
        lease = timedelta(seconds=self.webhook.timeout + self.pace.margin)
        turn = Turn.take(self.store.trace, name, clock=self.clock, lease=lease)
        if turn is None:
            return Delivered(name)
        try:
            return self._take(turn, stop)
        finally:
            turn.release()

    def _take(self, turn: Turn, stop: Event) -> Delivered:
        sent, failure = 0, None
        try:
            for published in self._waiting(turn, stop):
                failure = self._step(turn, published)
                sent += failure is None
        except TraceUnreadable as unreadable:
            failure = self._fail(turn, str(unreadable))
        return Delivered(self.webhook.name, sent, failure)

    def _waiting(self, turn: Turn, stop: Event) -> Iterator[Published]:
        """Yield event after event, for as long as the turn goes on, each from where the turn then stands."""
        while turn.held is not None:
            got = turn.held.position
            read = self.store.trace.published(got, _READ_AT_ONCE)
            if not read:
                return
            for published in read:
                if stop.is_set() or not turn.holds(self.webhook.timeout):
                    return
                if turn.held.position != got:
                    break  # it was set back meanwhile
                yield published
                got = published.position

    def _has_something(self) -> bool:
        """Tell whether there is something to be sent now; a receiver that is new gets its place."""
        found = self.store.trace.subscription(self.webhook.name)
        if found is None:
            self.store.trace.subscribe(self.webhook.name, self.webhook.after)
            return True
        try:
            return found.is_free(self.clock()) and bool(self.store.trace.published(found.position, 1))
        except TraceUnreadable:
            return True  # whoever takes the turn tells of it

    def _step(self, turn: Turn, published: Published) -> str | None:
        """Send one event, keep what came of it, and return why it failed."""
        message = Message.of(published, self.source)
        headers = message.headers(int(self.clock().timestamp()), self.webhook.secrets)
        try:
            reply = self.send(self.webhook.url, headers, message.body, self.webhook.timeout)
        except Unanswered as unanswered:
            return self._fail(turn, str(unanswered))
        except Exception as error:
            LOG.error("cannot send", exc_info=error, extra={"webhook": self.webhook.name})
            return self._fail(turn, type(error).__name__)
        if not reply.is_confirmation:
            return self._refused(turn, reply)
        turn.confirm(published.position)
        return None

    def _refused(self, turn: Turn, reply: Reply) -> str:
        if reply.status != HTTPStatus.GONE:
            return self._fail(turn, f"status {reply.status}", reply.retry_after)
        LOG.error("is gone, and stopped until it is resumed", extra={"webhook": self.webhook.name})
        turn.fail(STOPPED)
        return "gone"

    def _fail(self, turn: Turn, why: str, asked: float = 0.0) -> str:
        failures = 1 if turn.held is None else turn.held.failures + 1
        pause = self.pace.pause(failures, random.random(), asked)
        turn.fail(self.clock() + timedelta(seconds=pause))
        told = {"webhook": self.webhook.name, "failures": failures, "why": why}
        if failures == self.pace.stuck_after:
            LOG.error("is stuck, and goes on being tried", extra=told)
        else:
            LOG.warning("did not confirm", extra=told)
        return why
