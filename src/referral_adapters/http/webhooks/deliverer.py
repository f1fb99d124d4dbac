"""Sends what is published to its receivers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from threading import Event
from typing import Final

from referral_adapters.http.webhooks.delivery import LOG, Delivery, OutgoingStore
from referral_adapters.http.webhooks.http_send import HttpSend
from referral_adapters.http.webhooks.pace import Pace
from referral_adapters.http.webhooks.send import Send
from referral_adapters.http.webhooks.turn import Delivered
from referral_adapters.http.webhooks.webhook import Webhook
from referral_core.values.errors import ConcurrentChange, ReferralError

_PUBLISHED_AT_ONCE: Final = 1_000


def _now() -> datetime:
    return datetime.now(UTC)


class Deliverer:
    """Sends every published event to every receiver: at least once, in order, the next when the last was confirmed.

    A receiver confirms with any 2xx, and may get an event again whose answer was lost, under the same id. Another
    answer, a redirect too, or none within its time, is a failure: the same event is sent again after a pause, as the
    ``pace`` has it. 410 (gone) stops a receiver until staff resume it. Receivers do not wait for each other. As many
    processes as one likes may do this over one store: one at a time sends to one receiver.

    ``source`` is the name under which events are published (the CloudEvents attribute), ``clock`` says what time it is,
    ``send`` takes the place of sending over HTTP.
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
        """Publish what waits, and send each receiver, one after the other, what it has not got, as far as it goes now.

        Somebody to whom another process is sending at this moment, or who has to wait, is left out.
        """
        with closing(self._http):
            self._publish()
            return tuple(delivery.deliver(Event()) for delivery in self._deliveries)

    def run(self, stop: Event, *, every: float = 1.0) -> None:
        """Go on until asked to stop, looking every so many seconds for what is new; each receiver has a thread.

        The event in hand is sent to its end. A store that fails for a while is told of in the log, and tried again.
        """
        threads = max(1, len(self._deliveries))
        with closing(self._http), ThreadPoolExecutor(threads, thread_name_prefix="webhook") as pool:
            under_way: dict[str, Future[Delivered]] = {}
            while not stop.is_set():
                self._go_on(pool, under_way, stop)
                stop.wait(every)

    def _go_on(self, pool: ThreadPoolExecutor, under_way: dict[str, Future[Delivered]], stop: Event) -> None:
        try:
            self._publish()
        except ReferralError:
            LOG.warning("the store cannot be used", exc_info=True)
        for delivery in self._deliveries:
            before = under_way.get(delivery.webhook.name)
            if before is None or before.done():
                under_way[delivery.webhook.name] = pool.submit(_deliver_or_tell, delivery, stop)

    def _publish(self) -> None:
        try:
            while self._store.trace.publish(_PUBLISHED_AT_ONCE) == _PUBLISHED_AT_ONCE:
                pass
        except ConcurrentChange:
            return  # somebody else is at it


def _deliver_or_tell(delivery: Delivery, stop: Event) -> Delivered:
    try:
        return delivery.deliver(stop)
    except Exception as error:  # noqa: BLE001 - others go on, and this one is tried again
        LOG.warning("cannot deliver", exc_info=error, extra={"webhook": delivery.webhook.name})
        return Delivered(delivery.webhook.name, failure=type(error).__name__)
