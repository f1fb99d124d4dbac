"""Sends messages over HTTP/1.1, each within a time that covers everything, however slowly a receiver goes about it.

It stands on Python's own client: one whose time-outs count from byte to byte could be held for as long as a receiver
likes. A connection is kept for the next message to the same place.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Lock, Timer
from time import monotonic
from typing import Final
from urllib.parse import SplitResult, urlsplit

from referral_adapters.http.retry_after import seconds_of
from referral_adapters.http.webhooks.send import Reply, Unanswered

_MOST_READ: Final = 64 * 1024
_SHORTEST: Final = 0.001

Origin = tuple[str, str]


class _SecureConnection(HTTPSConnection):
    """A connection whose socket is known before hands are shaken, so that this too can be cut off."""

    def __init__(self, host: str, port: int | None, *, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._wrapping = context

    def connect(self) -> None:
        """Connect, and prove who is there."""
        HTTPConnection.connect(self)
        secure = self._wrapping.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock = secure
        secure.do_handshake()


class HttpSend:
    """Sends messages; certificates are checked by ``context``, or as Python does by default. Follows no redirect."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = ssl.create_default_context() if context is None else context
        self._kept: dict[Origin, HTTPConnection] = {}
        self._lock = Lock()

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:
        """Post a message, and return the answer within so many seconds.

        :raises Unanswered: there is none.
        """
        parts, until = urlsplit(url), monotonic() + timeout
        with self._lock:
            kept = self._kept.pop((parts.scheme, parts.netloc), None)
        if kept is not None:
            with suppress(ConnectionError):  # closed meanwhile, as servers do: the message goes again, on a new one
                return self._ask(kept, parts, headers, body, until)
        try:
            return self._ask(self._connection(parts, timeout), parts, headers, body, until)
        except ConnectionError as error:
            raise Unanswered(type(error).__name__) from error

    def close(self) -> None:
        """Close the connections that are kept."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].close()

    def _connection(self, parts: SplitResult, timeout: float) -> HTTPConnection:
        host = parts.hostname or ""
        if parts.scheme == "https":
            return _SecureConnection(host, parts.port, timeout=timeout, context=self._context)
        return HTTPConnection(host, parts.port, timeout=timeout)

    def _ask(
        self, connection: HTTPConnection, parts: SplitResult, headers: Mapping[str, str], body: bytes, until: float
    ) -> Reply:
        """Send a message on a connection, and keep it if it is good for another.

        :raises ConnectionError: it was closed from the other side.
        :raises Unanswered: there is no answer for another reason.
        """
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        is_good = False
        try:
            with _cut_off(connection, until):
                connection.request("POST", target, body=body, headers=dict(headers))
                answer = connection.getresponse()
                is_good = _read_to_end(answer)
            if monotonic() >= until:  # an answer that was cut off may look like a short one
                raise TimeoutError
            return Reply(answer.status, seconds_of(answer.headers.get("retry-after"), datetime.now(UTC)))
        except ConnectionError:
            if monotonic() >= until:
                raise Unanswered("it took too long") from None
            raise
        except (OSError, HTTPException, ValueError) as error:
            raise Unanswered("it took too long" if monotonic() >= until else type(error).__name__) from error
        finally:
            if is_good:
                self._keep((parts.scheme, parts.netloc), connection)
            else:
                connection.close()

    def _keep(self, origin: Origin, connection: HTTPConnection) -> None:
        with self._lock:
            other, self._kept[origin] = self._kept.get(origin), connection
        if other is not None:
            other.close()


@contextmanager
def _cut_off(connection: HTTPConnection, until: float) -> Iterator[None]:
    """Cut a connection off when the time has come, wherever it is."""
    left = max(_SHORTEST, until - monotonic())
    connection.timeout = left
    if connection.sock is not None:
        connection.sock.settimeout(left)
    timer = Timer(left, _cut, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(connection: HTTPConnection) -> None:
    found: socket.socket | None = connection.sock
    if found is not None:
        with suppress(OSError):
            socket.socket.shutdown(found, socket.SHUT_RDWR)  # the plain one: it wakes whoever reads


def _read_to_end(answer: HTTPResponse) -> bool:
    """Read an answer, up to what a connection is worth; tell whether the connection is good for another message."""
    answer.read(_MOST_READ)
    return answer.isclosed() and not answer.will_close
