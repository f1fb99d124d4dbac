"""A line to a server that can be cut, or go dead, in the middle of whatever goes over it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Final

_BLOCK: Final = 65536


class SlowLine:
    """Passes everything on between whoever connects to ``port`` and a server, until told otherwise.

    ``cut_after`` and ``dead_after`` say after how many bytes from the client the line is cut, or passes on nothing any
    more without being cut; from then on, nobody else gets through either.
    """

    def __init__(self, host: str, port: int) -> None:
        self._server = host, port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._left: float = float("inf")
        self._is_cut = False
        threading.Thread(target=self._let_in, daemon=True).start()

    def cut_after(self, count: int) -> None:
        """Cut the line after so many more bytes from clients."""
        self._left, self._is_cut = count, True

    def dead_after(self, count: int) -> None:
        """Pass nothing on any more after so many more bytes from clients."""
        self._left, self._is_cut = count, False

    def mend(self) -> None:
        """Be as new; what was connected is not any more."""
        self._left = float("inf")
        self._hang_up()

    def close(self) -> None:
        """Hang up for good."""
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._hang_up()

    def _hang_up(self) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._sockets.clear()

    def _let_in(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._door.accept()
                if self._left <= 0 and self._is_cut:
                    client.close()
                    continue
                server = socket.create_connection(self._server)
                self._sockets += [client, server]
                threading.Thread(target=self._pass_on, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(server, client, False), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_BLOCK):
                if counts:
                    self._left -= len(data)
                if self._left > 0:
                    target.sendall(data)
                elif self._is_cut:
                    break
        if self._left > 0 or self._is_cut:
            for each in (source, target):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def slow_line(host: str, port: int) -> Iterator[SlowLine]:
    """Yield a line to a server, closed at the end."""
    line = SlowLine(host, port)
    try:
        yield line
    finally:
        line.close()
