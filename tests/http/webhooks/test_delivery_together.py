"""Many deliverers, and deliverers that are killed: every event still arrives, in order, under one id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy.engine import URL

from referral_adapters.http.webhooks import Deliverer, HttpSend, Pace, Pauses, standings
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_core import ConcurrentChange, ReferralError, TraceUnreadable
from referral_core.entities.trace import Published
from referral_core.ports.trace import TraceRepository
from tests.http.webhooks.publishing import PROGRAMME, Now, Outgoing, Store, Wrapped, acted, published, webhook
from tests.http.webhooks.receiver import SECRET, Receiver, receiver

QUICK = Pace(pauses=Pauses(0.02, 0.05), margin=0.5)
ROOT = Path(__file__).parents[3]

PROCESS = """
import sys
from threading import Event
import pytest
from sqlalchemy.engine import URL

from referral_adapters.http.webhooks import Deliverer, Pace, Pauses, Webhook
from referral_adapters.sql import SqlStore
from referral_core import Programme

url, to, secret = sys.argv[1:]
store = SqlStore(url, Programme.default())
webhooks = [Webhook("crm", to, (secret.encode(),), timeout=0.5)]
Deliverer(store, webhooks, pace=Pace(pauses=Pauses(0.02, 0.05), margin=0.3)).run(Event(), every=0.02)
"""


def until(true: Callable[[], bool], *, within: float = 30.0) -> None:
    """Wait until something is true."""
    end = time.monotonic() + within
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def runs(store: Store, *receivers: Receiver, count: int, stop: Event) -> list[Thread]:
    """Start some deliverers of the same webhooks."""
    hooks = [webhook(each, f"crm-{place}", timeout=0.3) for place, each in enumerate(receivers)]
    threads = [
        Thread(target=Deliverer(store, hooks, pace=QUICK).run, args=(stop,), kwargs={"every": 0.01})
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    return threads


def test_several_at_once_send_each_event_once_and_in_order(database: URL) -> None:
    stop = Event()
    with SqlStore(database, PROGRAMME) as store, receiver() as crm:
        threads = runs(store, crm, count=3, stop=stop)
        for begin in range(0, 12, 3):
            acted(store, begin=begin, at=datetime.now(UTC))
        until(lambda: bool(published(store)) and crm.sequences[-1:] == [24])
        stop.set()
        for thread in threads:
            thread.join()
        assert crm.sequences == list(range(1, 25))


def test_a_receiver_that_hangs_keeps_nobody_else_waiting() -> None:
    store, stop = MemoryStore(PROGRAMME), Event()
    acted(store, at=datetime.now(UTC))
    with receiver(lambda _: "hang") as hanging, receiver() as fine:
        threads = runs(store, hanging, fine, count=1, stop=stop)
        until(lambda: len(fine.taken) == 6, within=5)
        stop.set()
        for thread in threads:
            thread.join()
        assert hanging.taken == []


def test_what_fails_at_random_still_arrives() -> None:
    store, stop = MemoryStore(PROGRAMME), Event()
    moods: tuple[int | str, ...] = (204, 500, "close", 204, "lose", 429, 204, 301)
    with receiver(lambda came: moods[came % len(moods)]) as crm:
        threads = runs(store, crm, count=2, stop=stop)
        acted(store, accounts=6, at=datetime.now(UTC))
        until(lambda: set(crm.sequences) == set(range(1, 13)))
        stop.set()
        for thread in threads:
            thread.join()
        first = list(dict.fromkeys(crm.sequences))
        assert first == list(range(1, 13))
        ids = {got.sequence: {other.id for other in crm.taken if other.sequence == got.sequence} for got in crm.taken}
        assert {len(each) for each in ids.values()} == {1}
        # An event that comes again comes before any later one: nothing is ever sent behind what was confirmed.
        assert crm.sequences == sorted(crm.sequences)


def test_one_that_is_killed_is_taken_over_from(database: URL) -> None:
    url = database.set(drivername=database.get_backend_name()).render_as_string(hide_password=False)
    with SqlStore(database, PROGRAMME) as store, receiver(lambda came: "hang" if came == 3 else 204) as crm:
        acted(store, at=datetime.now(UTC))
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]),
        }
        process = subprocess.Popen([sys.executable, "-c", PROCESS, url, crm.url, SECRET.decode()], env=environment)
        until(lambda: crm.came == 3)
        process.send_signal(signal.SIGKILL)
        process.wait()
        (left,) = standings(store.trace)
        assert left.position == 2
        held = store.trace.subscription("crm")
        assert held is not None
        assert held.leased_until is not None  # nobody else may send before that
        clock = Now()
        Deliverer(store, [webhook(crm)], clock=clock).run_once()
        assert crm.sequences == [1, 2]
        free_at = held.leased_until
        until(lambda: clock() > free_at)
        Deliverer(store, [webhook(crm)], clock=clock).run_once()
        assert crm.sequences == published(store)


class Away(Wrapped):
    """A trace whose publishing fails a few times."""

    def __init__(self, trace: TraceRepository, error: Exception, times: int) -> None:
        super().__init__(trace)
        self._error, self.left = error, times

    def publish(self, limit: int) -> int:
        self._fail()
        return self._trace.publish(limit)

    def published(self, after: int, limit: int) -> tuple[Published, ...]:
        self._fail()
        return self._trace.published(after, limit)

    def _fail(self) -> None:
        if self.left:
            self.left -= 1
            raise self._error


@pytest.mark.parametrize("error", [ReferralError("gone"), ConcurrentChange("at once")])
def test_a_store_that_fails_for_a_while_is_tried_again(error: Exception) -> None:
    store, stop = MemoryStore(PROGRAMME), Event()
    acted(store, at=datetime.now(UTC))
    store.trace.publish(100)
    failing = Away(store.trace, error, 3)
    with receiver() as crm:
        sending = Deliverer(Outgoing(failing), [webhook(crm)])
        running = Thread(target=sending.run, args=(stop,), kwargs={"every": 0.01})
        running.start()
        until(lambda: crm.sequences == published(store))
        stop.set()
        running.join()
    assert failing.left == 0


@pytest.mark.rule("A2")
def test_a_row_that_cannot_be_read_stops_what_comes_after_it(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore(PROGRAMME)
    acted(store)
    store.trace.publish(100)
    failing = Away(store.trace, TraceUnreadable("account:A-0", 1), 0)
    with receiver() as crm:
        sending = Deliverer(Outgoing(failing), [webhook(crm)])
        sending.run_once()
        acted(store, begin=3)
        store.trace.publish(100)
        failing.left = 2
        object.__setattr__(failing, "publish", lambda _limit: 0)
        (done,) = sending.run_once()
        assert done.failure == "the trace cannot be read at account:A-0 1"
        assert len(crm.taken) == 6
    assert standings(store.trace)[0].failures == 1
    assert "did not confirm" in caplog.text


def test_connections_are_not_shared_by_two_at_once() -> None:
    send = HttpSend()
    with receiver() as crm:
        acted(store := MemoryStore(PROGRAMME), accounts=4)
        hooks = [webhook(crm, f"crm-{place}") for place in range(4)]
        stop = Event()
        running = Thread(target=Deliverer(store, hooks, send=send).run, args=(stop,), kwargs={"every": 0.01})
        running.start()
        until(lambda: len(crm.taken) == 32)
        stop.set()
        running.join()
        send.close()
        assert sorted(crm.sequences) == sorted([*range(1, 9)] * 4)
