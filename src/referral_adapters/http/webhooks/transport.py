"""Transport: messages go out over HTTP/1.1, each within a time that covers everything, however slow its receiver is.

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
from typing import Final, Protocol
from urllib.parse import SplitResult, urlsplit

import attrs

from referral_adapters.http.headers import retry_after_seconds


class Unanswered(Exception):
    """No answer came to a message, which may have arrived or not: no connection, a time-out, or an end in between."""


@attrs.frozen
class Reply:
    """A receiver's answer: its status, and the seconds of its ``Retry-After``."""

    status: int
    retry_after: float = 0.0

    @property
    def is_confirmation(self) -> bool:
        """Tell whether the receiver has taken the message: any 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - as HTTP has it


class Send(Protocol):
    """Sends a message. A host that needs a proxy, or another way, brings its own."""

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:
        """Post a message, follow no redirect, and return the answer, all within so many seconds.

        Safe to call at once from many threads.

        :raises Unanswered: no answer came; the message may have arrived or not.
        """
        ...


_MOST_READ: Final = 64 * 1024
_SHORTEST: Final = 0.001

Origin = tuple[str, str]


class _SecureConnection(HTTPSConnection):
    """A connection whose socket is known before the TLS handshake, so that the handshake can be cut off too."""

    def __init__(self, host: str, port: int | None, *, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._wrapping = context

    def connect(self) -> None:
        """Connect, and check the receiver's certificate."""
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
        """Post a message, and return the answer within ``timeout`` seconds.

        :raises Unanswered: no answer came.
        """
        parts, until = urlsplit(url), monotonic() + timeout
        with self._lock:
            kept = self._kept.pop((parts.scheme, parts.netloc), None)
        if kept is not None:
            with suppress(ConnectionError):  # servers close idle connections: the message goes out again on a new one
                return self._post(kept, parts, headers, body, until)
        try:
            return self._post(self._connection(parts, timeout), parts, headers, body, until)
        except ConnectionError as error:
            raise Unanswered(type(error).__name__) from error

    def close(self) -> None:
        """Close the kept connections."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].close()

    def _connection(self, parts: SplitResult, timeout: float) -> HTTPConnection:
        host = parts.hostname or ""
        if parts.scheme == "https":
            return _SecureConnection(host, parts.port, timeout=timeout, context=self._context)
        return HTTPConnection(host, parts.port, timeout=timeout)

    def _post(
        self, connection: HTTPConnection, parts: SplitResult, headers: Mapping[str, str], body: bytes, until: float
    ) -> Reply:
        """Send a message on a connection, and keep it if it is good for another.

        :raises ConnectionError: the receiver closed it.
        :raises Unanswered: no answer came for another reason.
        """
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        is_good = False
        try:
            with _cut_off(connection, until):
                connection.request("POST", target, body=body, headers=dict(headers))
                answer = connection.getresponse()
                is_good = _read_to_end(answer)
            if monotonic() >= until:  # a body that was cut off may look like a short one
                raise TimeoutError
            return Reply(answer.status, retry_after_seconds(answer.headers.get("retry-after"), datetime.now(UTC)))
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
    """Cut a connection off at a time of the monotonic clock, whatever it is doing then."""
    left = max(_SHORTEST, until - monotonic())  # a time-out of 0 would make the socket non-blocking
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
            socket.socket.shutdown(
                found, socket.SHUT_RDWR
            )  # not TLS's own, which would wait: this wakes a blocked read


def _read_to_end(answer: HTTPResponse) -> bool:
    """Read an answer up to a limit; tell whether the connection is good for another message."""
    answer.read(_MOST_READ)
    return answer.isclosed() and not answer.will_close
