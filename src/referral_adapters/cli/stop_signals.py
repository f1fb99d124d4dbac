"""Being asked to stop, by Ctrl-C or by the system."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any, Final, Self, TypeVar, cast

T = TypeVar("T")

_END: Final = object()
_ASKING: Final = (signal.SIGINT, signal.SIGTERM)


class _Woken(Exception):
    """Breaks off the waiting for a line."""


class StopSignals:
    """Listens for SIGINT and SIGTERM while a feed runs, or while something else goes on that asks :meth:`is_asked`.

    After the first one, a line that is being handled is handled to its end, and :meth:`lines` gives no other; the
    signal then stands in ``caught``. The second one ends the process at once, undoing the line. What was ignored when
    the process started, as in a background job, stays ignored.
    """

    def __init__(self) -> None:
        self.caught: signal.Signals | None = None
        self._heard: signal.Signals | None = None
        self._waiting = False
        self._before: dict[signal.Signals, Any] = {}  # what Python itself takes: a function or a number

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # elsewhere Python lets nobody listen
            for asking in _ASKING:
                if signal.getsignal(asking) is not signal.SIG_IGN:
                    self._before[asking] = signal.signal(asking, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for asking, before in self._before.items():
            signal.signal(asking, before)

    def lines(self, source: Iterator[T]) -> Iterator[T]:
        """Yield the lines of ``source`` until asked to stop; waiting for the next one is then broken off."""
        try:
            while True:
                self._waiting = True
                if self._heard is not None:
                    break
                line = next(source, _END)
                self._waiting = False
                if line is _END:
                    return
                yield cast("T", line)
        except _Woken:
            pass
        self.caught = self._heard

    def is_asked(self) -> bool:
        """Tell whether somebody asked to stop."""
        self.caught = self._heard
        return self._heard is not None

    def _hear(self, number: int, _: FrameType | None) -> None:
        if self._heard is not None:
            for asking in self._before:
                signal.signal(asking, signal.SIG_DFL)  # a third one needs nothing of ours
            raise SystemExit(128 + number)
        self._heard = signal.Signals(number)
        if self._waiting:
            self._waiting = False
            raise _Woken
