"""A message has one time for everything: finding addresses, each of them, the handshake, sending and reading."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any

import pytest

from referral_adapters.http.webhooks import HttpSend, Unanswered, transport
from referral_adapters.sql import SqlStore
from tests.http.webhooks.publishing import PROGRAMME, acted
from tests.http.webhooks.receiver import receiver
from tests.http.webhooks.test_command import config
from tests.http.webhooks.test_delivery_together import ROOT, until

TIMEOUT = 0.6
Info = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]


def info(address: str, port: int) -> Info:
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))


@pytest.fixture
def silent() -> Iterator[int]:
    """Yield a port whose listener lets nobody in and refuses nobody, as an address that swallows SYNs does."""
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        filling = []
        for _ in range(8):  # a full queue of connections drops further ones
            each = socket.socket()
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
            filling.append(each)
        sleep(0.05)
        yield port
        for each in filling:
            each.close()


def resolving(monkeypatch: pytest.MonkeyPatch, found: Callable[..., list[Info]]) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setattr(transport, "RESOLVER", transport._Resolver())


def sent(url: str, timeout: float = TIMEOUT) -> float:
    """Send a message that nobody answers; return how long that took."""
    began = monotonic()
    with closing(HttpSend()) as send, pytest.raises(Unanswered):
        send(url, {}, b"{}", timeout)
    return monotonic() - began


def test_an_address_that_swallows_everything_leaves_time_for_the_next(
    monkeypatch: pytest.MonkeyPatch, silent: int
) -> None:
    with receiver() as crm, closing(HttpSend()) as send:
        port = int(crm.url.rpartition(":")[2].partition("/")[0])
        resolving(monkeypatch, lambda *_, **__: [info("127.0.0.1", silent), info("127.0.0.1", port)])
        crm.mood = lambda _: 204
        headers = {"webhook-timestamp": "0"}
        began = monotonic()
        with pytest.raises(Unanswered):  # the receiver takes no message without a signature, and says nothing
            send("http://two.example/events", headers, b"{}", 2 * TIMEOUT)
        assert monotonic() - began < 2 * TIMEOUT + 0.3
        assert crm.came == 1


def test_all_addresses_together_have_one_time(monkeypatch: pytest.MonkeyPatch, silent: int) -> None:
    resolving(monkeypatch, lambda *_, **__: [info("127.0.0.1", silent)] * 5)
    assert TIMEOUT - 0.1 < sent("http://five.example/") < TIMEOUT + 0.3


def test_a_name_that_is_never_found_has_the_same_time_and_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found, asked = Event(), []

    def never(host: str, *_: object, **__: object) -> list[Info]:
        asked.append(host)
        found.wait(20)
        return [info("127.0.0.1", 1)]

    resolving(monkeypatch, never)
    assert all(TIMEOUT - 0.1 < sent("http://slow.example/") < TIMEOUT + 0.3 for _ in range(2))
    assert asked == ["slow.example"]
    found.set()
    until(lambda: not transport.RESOLVER._asked)
    assert sent("http://slow.example/") < TIMEOUT
    assert asked == ["slow.example"] * 2


def test_a_name_that_is_not_there_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[Info]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    resolving(monkeypatch, unknown)
    assert sent("http://nobody.example/") < TIMEOUT
    resolving(monkeypatch, lambda *_, **__: [])
    assert sent("http://nowhere.example/") < TIMEOUT


def test_a_handshake_that_never_ends_is_cut_off() -> None:
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(5)
        assert TIMEOUT - 0.1 < sent(f"https://127.0.0.1:{listening.getsockname()[1]}/") < TIMEOUT + 0.3


def test_a_deliverer_ends_in_time_though_its_receiver_does_not_answer(tmp_path: Path, silent: int) -> None:
    url = f"sqlite:///{tmp_path / 'referral.db'}"
    with SqlStore(url, PROGRAMME) as store:
        acted(store)
    with receiver() as crm:
        file = config(tmp_path, to=crm)
        text = file.read_text(encoding="utf-8").replace(crm.url, f"http://127.0.0.1:{silent}/")
        file.write_text(f"{text}\ntimeout = 2.0\n", encoding="utf-8")
    command = [sys.executable, "-m", "referral_adapters.cli", "webhooks", "run", "--db", url, "--config", str(file)]
    process = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, stderr=subprocess.PIPE, text=True
    )
    with SqlStore(url, PROGRAMME) as store:
        until(lambda: any(each.leased_until for each in store.trace.subscriptions()))
    process.send_signal(signal.SIGTERM)
    began = monotonic()
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert monotonic() - began < 5
