"""Every event arrives, in order, whatever its receiver does."""

from __future__ import annotations

import logging
import ssl
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from referral_adapters.http.webhooks import (
    Delivered,
    Deliverer,
    HttpSend,
    Reply,
    Unanswered,
    redeliver,
    resume,
    standings,
)
from referral_adapters.http.webhooks.delivery import Lease
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_core.entities.trace import Published
from tests.adapters.postgres_server import PostgresServer
from tests.http.webhooks.publishing import (
    NOON,
    PACE,
    PROGRAMME,
    Clock,
    Now,
    Outgoing,
    Store,
    Wrapped,
    acted,
    deliverer,
    emptied,
    published,
    webhook,
)
from tests.http.webhooks.receiver import Receiver, receiver


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore(PROGRAMME)
        return
    if request.param == "sqlite":
        with SqlStore(f"sqlite:///{tmp_path / 'referral.db'}", PROGRAMME) as store:
            yield store
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url: URL = request.getfixturevalue("migrated")
    with SqlStore(url, PROGRAMME) as store:
        yield store
    emptied(server, url)


def now(kind: int | str) -> Callable[[int], int | str]:
    """Return the mood of a receiver that does something to the third that comes, also when it comes again at once.

    As it does when a connection that was kept breaks off: that happens when a server is restarted.
    """
    return lambda came: kind if came == 3 or (came == 4 and kind in {"close", "lose"}) else 204


def in_order_per_account(to: Receiver) -> bool:
    """Tell whether of each subject every event came after those before it, repetitions left out."""
    places = defaultdict[str, list[int]](list)
    for got in to.taken:
        subject, _, number = str(got.event["id"]).rpartition("/")
        if int(number) not in places[subject]:
            places[subject].append(int(number))
    return all(later > earlier for numbers in places.values() for earlier, later in pairwise(numbers))


@pytest.mark.rule("A2")
def test_every_event_arrives_once_and_in_order(store: Store) -> None:
    acted(store)
    with receiver() as crm:
        sending = deliverer(store, webhook(crm), clock=Clock())
        (done,) = sending.run_once()
        assert crm.sequences == published(store) == list(range(1, done.sent + 1))
        assert sending.run_once() == (Delivered("crm"),)
        acted(store, begin=3)
        sending.run_once()
        assert crm.sequences == published(store)
        assert in_order_per_account(crm)
        first = crm.taken[0].event
    assert crm.headers[0]["content-type"] == "application/cloudevents+json"
    assert first["specversion"] == "1.0"
    assert first["source"] == "/referral"
    assert crm.headers[0]["webhook-timestamp"] == str(int(NOON.timestamp()))


@pytest.mark.parametrize("kind", ["close", "lose", 500, 429, 400, 301, 307])
def test_what_is_not_confirmed_is_sent_again_before_anything_else(store: Store, kind: int | str) -> None:
    acted(store)
    clock = Clock()
    with receiver(now(kind)) as crm:
        sending = deliverer(store, webhook(crm), clock=clock)
        (done,) = sending.run_once()
        assert done.sent == 2
        assert done.failure is not None
        assert sending.run_once() == (Delivered("crm"),)  # it has to wait
        assert crm.came == (4 if kind in {"close", "lose"} else 3)
        clock.go_on(120)
        sending.run_once()
        ids = [got.id for got in crm.taken]
        assert list(dict.fromkeys(crm.sequences)) == published(store)
        assert len(set(ids)) == len(published(store))
        assert len(ids) == len(set(ids)) + (2 if kind == "lose" else 0)


def test_a_connection_that_was_kept_and_closed_meanwhile_is_no_failure(store: Store) -> None:
    acted(store)
    with receiver(lambda came: "close" if came == 3 else 204) as crm:
        deliverer(store, webhook(crm), clock=Clock()).run_once()
        assert crm.sequences == published(store)


@pytest.mark.parametrize("kind", ["hang", "trickle"])
def test_a_receiver_that_hangs_is_cut_off(kind: str) -> None:
    store, clock = MemoryStore(PROGRAMME), Clock()
    acted(store)
    with receiver(now(kind)) as crm:
        sending = deliverer(store, webhook(crm, timeout=0.2), clock=clock)
        before = Now()()
        assert sending.run_once() == (Delivered("crm", 2, "it took too long"),)
        assert Now()() - before < timedelta(seconds=2)
        clock.go_on(60)
        sending.run_once()
        assert crm.sequences == published(store)


def test_a_receiver_that_is_away_is_tried_ever_more_seldom_and_told_of_when_stuck(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, clock, tries = MemoryStore(PROGRAMME), Clock(), list[float]()
    acted(store)
    with receiver() as crm:
        to = webhook(crm)

    def send(url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:
        tries.append((clock.now - NOON).total_seconds())
        return HttpSend()(url, headers, body, timeout)

    sending = deliverer(store, to, clock=clock, send=send)
    for _ in range(600):
        sending.run_once()
        clock.go_on(1)
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert all(bound / 2 <= pause <= bound + 1 for pause, bound in zip(pauses, (10, 20, 40, 80, 100), strict=False))
    assert all(50 <= pause <= 101 for pause in pauses[4:])
    assert len(pauses) > 5
    (standing,) = standings(store.trace, PACE)
    assert standing.is_stuck
    assert not standing.is_stopped
    assert standing.failures == len(tries)
    assert [record.levelno for record in caplog.records].count(logging.ERROR) == 1
    assert not any("localhost" in str(vars(record)) for record in caplog.records)
    with receiver() as crm:  # and comes back, somewhere else
        clock.go_on(100)
        deliverer(store, webhook(crm), clock=clock).run_once()
        assert crm.sequences == published(store)
    assert standings(store.trace, PACE)[0].failures == 0


def test_a_receiver_says_how_long_to_leave_it_alone() -> None:
    store, clock = MemoryStore(PROGRAMME), Clock()
    acted(store)
    with receiver(now(429)) as crm:
        deliverer(store, webhook(crm), clock=clock).run_once()
    assert standings(store.trace)[0].next_at == NOON + timedelta(seconds=100)  # as long as pauses get


def test_a_receiver_that_is_gone_is_left_alone_until_it_is_resumed(store: Store) -> None:
    acted(store)
    clock = Clock()
    with receiver(now(410)) as crm:
        sending = deliverer(store, webhook(crm), clock=clock)
        assert sending.run_once() == (Delivered("crm", 2, "gone"),)
        clock.go_on(10 * 365 * 86400)
        assert sending.run_once() == (Delivered("crm"),)
        (standing,) = standings(store.trace)
        assert standing.is_stopped
        assert standing.next_at is None
        resume(store.trace, "crm")
        sending.run_once()
        assert crm.sequences == published(store)


def test_receivers_do_not_wait_for_each_other() -> None:
    store = MemoryStore(PROGRAMME)
    acted(store)
    with receiver(lambda _: 500) as broken, receiver() as fine:
        sending = deliverer(store, webhook(broken, "broken"), webhook(fine, "fine"), clock=Clock())
        bad, good = sending.run_once()
        assert (bad.sent, good.sent) == (0, len(published(store)))
        assert fine.sequences == published(store)


def test_everything_is_sent_again_from_a_position_on(store: Store) -> None:
    acted(store)
    with receiver() as crm:
        sending = deliverer(store, webhook(crm), clock=Clock())
        sending.run_once()
        redeliver(store.trace, "crm", 3)
        sending.run_once()
        assert crm.sequences == [*published(store), *published(store)[2:]]
        assert len({got.id for got in crm.taken}) == len(published(store))


def test_a_receiver_that_is_set_back_while_it_is_sent_to_goes_on_from_there(store: Store) -> None:
    acted(store)

    def set_back(came: int) -> int:
        if came == 5:
            redeliver(store.trace, "crm", 2)
        return 204

    with receiver(set_back) as crm:
        deliverer(store, webhook(crm), clock=Clock()).run_once()
        assert crm.sequences == [1, 2, 3, 4, 5, *published(store)[1:]]
    (kept,) = store.trace.subscriptions()
    assert kept.leased_until is None


def test_a_receiver_that_is_set_back_while_it_fails_is_tried_at_once(store: Store) -> None:
    acted(store)

    def set_back(came: int) -> int:
        if came == 3:
            redeliver(store.trace, "crm", 1)
        return 500 if came == 3 else 204

    with receiver(set_back) as crm:
        sending = deliverer(store, webhook(crm), clock=Clock())
        sending.run_once()
        sending.run_once()
        assert crm.sequences == [1, 2, *published(store)]


def test_what_a_receiver_has_not_got_cannot_be_sent_again() -> None:
    store = MemoryStore(PROGRAMME)
    with pytest.raises(LookupError):
        redeliver(store.trace, "crm", 1)
    with pytest.raises(LookupError):
        resume(store.trace, "crm")
    store.trace.subscribe("crm", 5)
    for position in (0, 7):
        with pytest.raises(ValueError, match="has not got"):
            redeliver(store.trace, "crm", position)
    redeliver(store.trace, "crm", 6)


def test_a_new_receiver_may_begin_later() -> None:
    store = MemoryStore(PROGRAMME)
    acted(store)
    with receiver() as crm:
        deliverer(store, webhook(crm, after=4), clock=Clock()).run_once()
        assert crm.sequences == published(store)[4:]


def test_a_lease_that_ran_out_changes_nothing() -> None:
    store, clock, crm = MemoryStore(PROGRAMME), Clock(), list[bytes]()
    acted(store)
    with receiver() as to:
        other = deliverer(store, webhook(to), clock=clock)

        def send(url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:
            crm.append(body)
            clock.go_on(3600)  # the process was stopped for an hour
            other.run_once()
            return Reply(204)

        assert deliverer(store, webhook(to), clock=clock, send=send).run_once()[0].sent == 1
        assert len(crm) == 1
        assert to.sequences == published(store)
    assert store.trace.subscriptions()[0].position == len(published(store))


def test_whoever_lost_a_lease_leaves_it_to_whoever_has_it(store: Store) -> None:
    clock, lease = Clock(), timedelta(seconds=10)
    store.trace.subscribe("crm", 0)
    late = Lease.take(store.trace, "crm", clock=clock, length=lease)
    assert Lease.take(store.trace, "crm", clock=clock, length=lease) is None
    clock.go_on(11)
    other = Lease.take(store.trace, "crm", clock=clock, length=lease)
    assert late is not None
    assert other is not None
    late.confirm(1)
    assert late.held is None
    late.release()
    assert store.trace.subscription("crm") == other.held
    other.confirm(2)
    assert other.held is not None
    assert other.held.position == 2


def test_a_lease_is_extended_before_it_gets_too_short() -> None:
    store, clock = MemoryStore(PROGRAMME), Clock()
    acted(store)
    seen = list[timedelta]()

    def send(url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:
        (held,) = store.trace.subscriptions()
        assert held.leased_until is not None
        seen.append(held.leased_until - clock.now)
        clock.go_on(timeout)
        return Reply(204)

    with receiver() as crm:
        deliverer(store, webhook(crm), clock=clock, send=send).run_once()
    assert all(left >= timedelta(seconds=2.0) for left in seen)


def test_a_lease_is_extended_when_reading_took_long() -> None:
    store, clock = MemoryStore(PROGRAMME), Clock()
    acted(store)
    store.trace.publish(100)

    class Slow(Wrapped):
        def publish(self, _limit: int) -> int:
            return 0

        def published(self, after: int, limit: int) -> tuple[Published, ...]:
            clock.go_on(5.5 if limit > 1 else 0)
            return store.trace.published(after, limit)

    left = list[timedelta]()

    def send(url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:
        (held,) = store.trace.subscriptions()
        assert held.leased_until is not None
        left.append(held.leased_until - clock.now)
        return Reply(204)

    with receiver() as crm:
        deliverer(Outgoing(Slow(store.trace)), webhook(crm), clock=clock, send=send).run_once()
    assert left[0] == timedelta(seconds=7.0)


def test_a_way_of_sending_that_breaks_counts_as_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore(PROGRAMME)
    acted(store)

    def send(*_: object, **__: object) -> Reply:
        raise RuntimeError("no proxy today")

    with receiver() as crm:
        assert deliverer(store, webhook(crm), clock=Clock(), send=send).run_once() == (
            Delivered("crm", 0, "RuntimeError"),
        )
    assert "no proxy today" in caplog.text


def test_names_are_not_shared() -> None:
    with receiver() as crm, pytest.raises(ValueError, match="names of their own"):
        Deliverer(MemoryStore(PROGRAMME), [webhook(crm), webhook(crm)])


def test_nobody_there_is_no_answer() -> None:
    with receiver() as crm:
        pass
    with pytest.raises(Unanswered):
        HttpSend()(crm.url, {}, b"", 1.0)


def test_a_certificate_has_to_hold(certificate: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, trusting = certificate
    store, clock = MemoryStore(PROGRAMME), Clock()
    acted(store)
    with receiver(context=server) as crm:
        refused = deliverer(store, webhook(crm), clock=clock).run_once()
        assert refused[0].failure == "SSLCertVerificationError"
        clock.go_on(20)
        send = HttpSend(trusting)
        deliverer(store, webhook(crm), clock=clock, send=send).run_once()
        send.close()
        assert crm.sequences == published(store)
