"""A receiver that really listens, and does what it is told to do with what it gets."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, Final

import attrs

from referral_adapters.http.webhooks import verify

SECRET: Final = b"a secret of at least 24 bytes"
OTHER_SECRET: Final = b"another one of at least 24 bytes"


@attrs.frozen
class Got:
    """What came: its id, and the event."""

    id: str
    event: dict[str, Any]

    @property
    def sequence(self) -> int:
        """The event's place among all."""
        return int(self.event["sequence"])


class Receiver:
    """Answers with what ``mood`` returns for the count of what came so far: a status, or what to do instead.

    ``hang`` answers nothing until the receiver is closed, ``trickle`` answers byte by byte, ``close`` and ``lose``
    break off, the latter after having taken the event, as a receiver does that is killed before it answers.
    """

    def __init__(self, mood: Callable[[int], int | str] = lambda _: 204, context: ssl.SSLContext | None = None) -> None:
        self.mood = mood
        self.came = 0
        self.taken: list[Got] = []
        self.headers: list[dict[str, str]] = []
        self._lock = Lock()
        self.closing = Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver.handle(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        scheme = "http"
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://localhost:{self._server.server_port}/events?of=us"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Take an event, or not."""
        body = handler.rfile.read(int(handler.headers["content-length"]))
        with self._lock:
            self.came += 1
            mood = self.mood(self.came)
            sent_at = float(handler.headers["webhook-timestamp"])  # by the clock of the test
            id_ = verify(body, dict(handler.headers), [SECRET], now=sent_at)
            if mood == "lose" or (isinstance(mood, int) and 200 <= mood < 300):
                self.taken.append(Got(id_, json.loads(body)))
                self.headers.append({name.lower(): value for name, value in handler.headers.items()})
        self._answer(handler, mood)

    def _answer(self, handler: BaseHTTPRequestHandler, mood: int | str) -> None:
        if mood == "hang":
            self.closing.wait(10)
        if mood == "trickle":
            with_blanks = b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000
            for byte in with_blanks:
                if self.closing.wait(0.002):
                    break
                try:
                    handler.wfile.write(bytes([byte]))
                except OSError:
                    break
        if isinstance(mood, str):
            handler.close_connection = True
            return
        handler.send_response(mood)
        if mood in {301, 307}:
            handler.send_header("Location", self.url.replace("events", "elsewhere"))
        if mood == 429:
            handler.send_header("Retry-After", "120")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def close(self) -> None:
        """Stop listening."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def sequences(self) -> list[int]:
        """The places of the events that were taken, as they came."""
        return [got.sequence for got in self.taken]


@contextmanager
def receiver(
    mood: Callable[[int], int | str] = lambda _: 204, *, context: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """Yield a receiver for the time of a block."""
    listening = Receiver(mood, context)
    try:
        yield listening
    finally:
        listening.close()
