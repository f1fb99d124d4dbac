"""Deliveries: every published event to every receiver, in order, each until it is confirmed.

A lease keeps other deliverers from a receiver while one sends to it.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from threading import Event
from typing import Final, Protocol

import attrs

from referral_adapters.http.retry import retry
from referral_adapters.http.webhooks.message import Message
from referral_adapters.http.webhooks.transport import HttpSend, Reply, Send, Unanswered
from referral_adapters.http.webhooks.webhook import STOPPED, Pace, Webhook
from referral_core.entities.trace import Published, Subscription
from referral_core.ports.trace import TraceRepository
from referral_core.values.errors import ConcurrentChange, ReferralError, TraceUnreadable

LOG: Final = logging.getLogger("referral_adapters.http.webhooks")
"""The fate of receivers, by name: no URLs, and no content of events."""

_PUBLISHED_AT_ONCE: Final = 1_000
_READ_AT_ONCE: Final = 100


def _now() -> datetime:
    return datetime.now(UTC)


class OutgoingStore(Protocol):
    """A store whose trace is published, and which keeps the positions of its receivers."""

    @property
    def trace(self) -> TraceRepository:
        """The published events and their subscriptions."""
        ...


@attrs.frozen
class Delivered:
    """The result of one round at a receiver: the number of confirmed events, and the failure that ended it, if any."""

    name: str
    sent: int = 0
    failure: str | None = None


class Deliverer:
    """Sends every published event to every receiver: at least once, in order, the next after the last was confirmed.

    A receiver confirms with any 2xx; an event whose answer was lost is sent again under the same id. Another status, a
    redirect too, or no answer within the time-out, is a failure: the same event is sent again after a pause of the
    ``pace``. 410 (gone) stops a receiver until staff resume it. Receivers do not wait for each other. Any number of
    processes may deliver over one store: one at a time sends to one receiver.

    ``source`` is the name under which events are published (the CloudEvents attribute), ``clock`` returns the present
    moment, ``send`` takes the place of sending over HTTP.
    """

    def __init__(
        self,
        store: OutgoingStore,
        webhooks: Sequence[Webhook],
        *,
        source: str = "/referral",
        clock: Callable[[], datetime] = _now,
        send: Send | None = None,
        pace: Pace | None = None,
    ) -> None:
        names = [webhook.name for webhook in webhooks]
        if len(set(names)) < len(names):
            raise ValueError("webhooks have names of their own")
        self._store = store
        self._http = HttpSend()
        sending, pacing = self._http if send is None else send, Pace() if pace is None else pace
        self._deliveries = tuple(
            Delivery(store=store, webhook=webhook, source=source, clock=clock, send=sending, pace=pacing)
            for webhook in webhooks
        )

    def run_once(self) -> tuple[Delivered, ...]:
        """Publish what waits, and send each receiver in turn its outstanding events, as far as possible now.

        A receiver to which another process is sending at this moment, or which has to wait, is left out.
        """
        with closing(self._http):
            self._publish(Event())
            return tuple(delivery.deliver(Event()) for delivery in self._deliveries)

    def run(self, stop: Event, *, every: float = 1.0) -> None:
        """Deliver until ``stop`` is set, looking for new events ``every`` so many seconds; each receiver has a thread.

        An event that is being sent is sent to its end, for which it has its time-out. A store that fails for a while is
        logged and tried again.
        """
        threads = max(1, len(self._deliveries))
        with closing(self._http), ThreadPoolExecutor(threads, thread_name_prefix="webhook") as pool:
            running: dict[str, Future[Delivered]] = {}
            while not stop.is_set():
                self._submit(pool, running, stop)
                stop.wait(every)

    def _submit(self, pool: ThreadPoolExecutor, running: dict[str, Future[Delivered]], stop: Event) -> None:
        try:
            self._publish(stop)
        except ReferralError:
            LOG.warning("the store cannot be used", exc_info=True)
        for delivery in self._deliveries:
            last = running.get(delivery.webhook.name)
            if last is None or last.done():
                running[delivery.webhook.name] = pool.submit(_deliver_or_log, delivery, stop)

    def _publish(self, stop: Event) -> None:
        try:
            while not stop.is_set() and self._store.trace.publish(_PUBLISHED_AT_ONCE) == _PUBLISHED_AT_ONCE:
                pass
        except ConcurrentChange:
            return  # another process publishes the same rows at this moment


def _deliver_or_log(delivery: Delivery, stop: Event) -> Delivered:
    try:
        return delivery.deliver(stop)
    except Exception as error:  # other receivers go on, and this one is tried again
        LOG.warning("cannot deliver", exc_info=error, extra={"webhook": delivery.webhook.name})
        return Delivered(delivery.webhook.name, failure=type(error).__name__)


@attrs.frozen(kw_only=True)
class Delivery:
    """Sends one receiver its outstanding events, as far as possible now."""

    store: OutgoingStore
    webhook: Webhook
    source: str
    clock: Callable[[], datetime]
    send: Send
    pace: Pace

    def deliver(self, stop: Event) -> Delivered:
        """Send what is outstanding, if there is anything and no other deliverer holds the receiver."""
        name = self.webhook.name
        if not self._has_outstanding():
            return Delivered(name)
        length = timedelta(seconds=self.webhook.timeout + self.pace.margin)
        lease = Lease.take(self.store.trace, name, clock=self.clock, length=length)
        if lease is None:
            return Delivered(name)
        try:
            return self._send_all(lease, stop)
        finally:
            lease.release()

    def _send_all(self, lease: Lease, stop: Event) -> Delivered:
        sent, failure = 0, None
        try:
            for published in self._waiting(lease, stop):
                failure = self._step(lease, published)
                sent += failure is None
        except TraceUnreadable as unreadable:
            failure = self._fail(lease, str(unreadable))
        return Delivered(self.webhook.name, sent, failure)

    def _waiting(self, lease: Lease, stop: Event) -> Iterator[Published]:
        """Yield event after event while the lease goes on, each after the position that the lease then has."""
        while lease.held is not None:
            position = lease.held.position
            read = self.store.trace.published(position, _READ_AT_ONCE)
            if not read:
                return
            for published in read:
                if stop.is_set() or not lease.holds(self.webhook.timeout):
                    return
                if lease.held.position != position:
                    break  # staff set the receiver back meanwhile: read anew from there
                yield published
                position = published.position

    def _has_outstanding(self) -> bool:
        """Tell whether something is outstanding now; a new receiver gets its subscription."""
        found = self.store.trace.subscription(self.webhook.name)
        if found is None:
            self.store.trace.subscribe(self.webhook.name, self.webhook.after)
            return True
        try:
            return found.is_free(self.clock()) and bool(self.store.trace.published(found.position, 1))
        except TraceUnreadable:
            return True  # the delivery itself reports it

    def _step(self, lease: Lease, published: Published) -> str | None:
        """Send one event, record the outcome, and return the failure, if any."""
        message = Message.of(published, self.source)
        headers = message.headers(int(self.clock().timestamp()), self.webhook.secrets)
        try:
            reply = self.send(self.webhook.url, headers, message.body, self.webhook.timeout)
        except Unanswered as unanswered:
            return self._fail(lease, str(unanswered))
        except Exception as error:
            LOG.error("cannot send", exc_info=error, extra={"webhook": self.webhook.name})
            return self._fail(lease, type(error).__name__)
        if not reply.is_confirmation:
            return self._not_confirmed(lease, reply)
        lease.confirm(published.position)
        return None

    def _not_confirmed(self, lease: Lease, reply: Reply) -> str:
        if reply.status != HTTPStatus.GONE:
            return self._fail(lease, f"status {reply.status}", reply.retry_after)
        LOG.error("is gone, and stopped until it is resumed", extra={"webhook": self.webhook.name})
        lease.fail(STOPPED)
        return "gone"

    def _fail(self, lease: Lease, why: str, retry_after: float = 0.0) -> str:
        failures = 1 if lease.held is None else lease.held.failures + 1
        pause = self.pace.pause(failures, random.random(), retry_after)
        lease.fail(self.clock() + timedelta(seconds=pause))
        facts = {"webhook": self.webhook.name, "failures": failures, "why": why}
        if failures == self.pace.stuck_after:
            LOG.error("is stuck, and goes on being tried", extra=facts)
        else:
            LOG.warning("did not confirm", extra=facts)
        return why


class Lease:
    """Holds a receiver for a while, which each step extends, and keeps the receiver's position.

    If staff set the receiver back meanwhile, the lease goes on from there. If the lease ran out and another deliverer
    took the receiver, as happens when this process was stopped for long, the lease is over and changes nothing.
    """

    def __init__(
        self,
        trace: TraceRepository,
        held: Subscription,
        *,
        clock: Callable[[], datetime],
        length: timedelta,
    ) -> None:
        self._trace = trace
        self._held: Subscription | None = held
        self._clock = clock
        self._length = length

    @classmethod
    def take(
        cls, trace: TraceRepository, name: str, *, clock: Callable[[], datetime], length: timedelta
    ) -> Lease | None:
        """Return a lease of a receiver; ``None`` if another deliverer holds it, or it has to wait."""
        at = clock()
        held = retry(lambda: trace.lease(name, at=at, until=at + length))
        return None if held is None else cls(trace, held, clock=clock, length=length)

    @property
    def held(self) -> Subscription | None:
        """The receiver's subscription; ``None`` once the lease is over."""
        return self._held

    def holds(self, seconds: float) -> bool:
        """Tell whether the lease goes on for so many seconds at least, extending it if need be."""
        until = self._clock() + timedelta(seconds=seconds)
        if self._held is not None and self._held.leased_until is not None and self._held.leased_until < until:
            self._settle(self._held)
        return self._held is not None

    def confirm(self, position: int) -> None:
        """Record that the receiver confirmed everything up to a position."""
        if self._held is not None:
            self._settle(attrs.evolve(self._held, position=position, failures=0, next_at=None))

    def fail(self, next_at: datetime) -> None:
        """Record one more failure of the receiver and the moment of its next attempt; the lease is over."""
        if self._held is not None:
            failed = attrs.evolve(self._held, failures=self._held.failures + 1, next_at=next_at)
            self._settle(failed, is_last=True)
            self.release()

    def release(self) -> None:
        """Give the receiver back; the lease is over."""
        # Again after each change that staff made meanwhile: it is found as the receiver then is, and kept.
        while self._held is not None:
            self._settle(self._held, is_last=True)

    def _settle(self, after: Subscription, *, is_last: bool = False) -> None:
        before = self._held
        if before is None:  # pragma: no cover - every caller has looked
            return
        leased = attrs.evolve(after, leased_until=None if is_last else self._clock() + self._length)
        if retry(lambda: self._trace.settle(before, leased)):
            self._held = None if is_last else leased
            return
        # Somebody changed the subscription: staff leave the end of the lease as it is, another deliverer sets its own.
        found = self._trace.subscription(before.name)
        is_mine = found is not None and found.leased_until == before.leased_until
        self._held = found if is_mine else None
