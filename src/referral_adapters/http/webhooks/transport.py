"""Transport: messages go out over HTTP/1.1, each within a time that covers everything, however slow its receiver is.

Everything is finding the addresses, trying each of them, the TLS handshake, sending and reading.

It stands on Python's own client: one whose time-outs count from byte to byte could be held for as long as a receiver
likes. A connection is kept for the next message to the same place.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Lock, Thread, Timer
from time import monotonic
from typing import Any, Final, Protocol
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
_HTTP, _HTTPS = 80, 443

Origin = tuple[str, str]


Address = tuple[socket.AddressFamily, tuple[Any, ...]]


class _Resolver:
    """Finds the addresses of hosts, each look-up in a thread of its own, since no time-out reaches the system's.

    A look-up that still goes on is waited for again, so that there is one for each host.
    """

    def __init__(self) -> None:
        self._asked: dict[tuple[str, int], Future[list[Address]]] = {}
        self._lock = Lock()

    def addresses(self, host: str, port: int, until: float) -> list[Address]:
        """Return the addresses of a host.

        :raises OSError: there is none, or the look-up takes longer than until a time of the monotonic clock.
        """
        with self._lock:
            asked = self._asked.get((host, port))
            if asked is None:
                asked = self._asked[host, port] = Future()
                Thread(target=self._look_up, args=[host, port, asked], name="resolver", daemon=True).start()
        return asked.result(max(0.0, until - monotonic()))

    def _look_up(self, host: str, port: int, asked: Future[list[Address]]) -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses: list[Address] = [(family, address) for family, _, _, _, address in found]
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for the addresses
            self._forget(host, port)
            asked.set_exception(error)
        else:
            self._forget(host, port)
            asked.set_result(addresses)

    def _forget(self, host: str, port: int) -> None:
        with self._lock:
            del self._asked[host, port]


RESOLVER: Final = _Resolver()


def _connected(host: str, port: int, until: float) -> socket.socket:
    """Return a connection to one of a host's addresses; those that do not answer leave time for the others.

    :raises OSError: none answers in time.
    """
    addresses = RESOLVER.addresses(host, port, until)
    last: OSError = ConnectionRefusedError("the host has no address")
    for place, (family, address) in enumerate(addresses):
        share = (until - monotonic()) / (len(addresses) - place)
        if share <= 0:
            raise TimeoutError
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.settimeout(share)
            made.connect(address)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            made.close()
            last = error
        else:
            return made
    raise last


class _Connection(HTTPConnection):
    """A connection that is made, and secured if there is a context, until a time of the monotonic clock."""

    until = 0.0

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        super().__init__(host, port)
        self._context = context

    def connect(self) -> None:
        """Connect, and check the receiver's certificate.

        The socket is known before the handshake, so that the handshake can be cut off too.
        """
        self.sock = _connected(self.host, self.port, self.until)
        self.limit()
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.limit()
            self.sock.do_handshake()

    def limit(self) -> None:
        """Have nothing that the socket waits for take longer than the time that is left.

        :raises TimeoutError: none is left: whoever cuts the connection off may have found no socket.
        """
        left = self.until - monotonic()
        if left <= 0:
            raise TimeoutError
        if self.sock is not None:
            self.sock.settimeout(left)


class HttpSend:
    """Sends messages; certificates are checked by ``context``, or as Python does by default. Follows no redirect."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = ssl.create_default_context() if context is None else context
        self._kept: dict[Origin, _Connection] = {}
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
            return self._post(self._connection(parts), parts, headers, body, until)
        except ConnectionError as error:
            raise Unanswered(type(error).__name__) from error

    def close(self) -> None:
        """Close the kept connections."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].close()

    def _connection(self, parts: SplitResult) -> _Connection:
        is_secure = parts.scheme == "https"
        port = parts.port or (_HTTPS if is_secure else _HTTP)
        return _Connection(parts.hostname or "", port, self._context if is_secure else None)

    def _post(
        self, connection: _Connection, parts: SplitResult, headers: Mapping[str, str], body: bytes, until: float
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

    def _keep(self, origin: Origin, connection: _Connection) -> None:
        with self._lock:
            other, self._kept[origin] = self._kept.get(origin), connection
        if other is not None:
            other.close()


@contextmanager
def _cut_off(connection: _Connection, until: float) -> Iterator[None]:
    """Cut a connection off at a time of the monotonic clock, whatever it is doing then."""
    connection.until = until
    connection.limit()
    timer = Timer(until - monotonic(), _cut, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(connection: _Connection) -> None:
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
