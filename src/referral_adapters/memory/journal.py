"""The journal of a store: one lock, and for every change the way back."""

from __future__ import annotations

from threading import RLock
from types import TracebackType
from typing import Any, Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_ABSENT: Final = object()
_END: Final = object()

Change = tuple[Any, Any, Any, Any]
"""A change to a dictionary or a list that is not made yet, with its way back.

Make one by :func:`setting`, :func:`removing` or :func:`adding`, under the lock of the journal that is to make it.
"""


def setting(items: dict[K, V], key: K, value: V) -> Change:
    """Return the change that puts ``value`` under ``key``."""
    return items, key, items.get(key, _ABSENT), value


def removing(items: dict[K, V], key: K) -> Change:
    """Return the change that takes ``key`` away. Undone, it stands last: not for a dictionary whose order matters."""
    return items, key, items.get(key, _ABSENT), _ABSENT


def adding(items: list[V], item: V) -> Change:
    """Return the change that puts ``item`` at the end of a list that only grows."""
    return items, _END, len(items), item


class Journal:
    """What one store shares: its lock, and the way back from every change of the running transaction.

    As a context manager it is a transaction: it holds the lock, and an exception of any kind that leaves the block
    undoes what the block did, exactly. It may be entered again inside itself: an inner block that fails undoes its own
    work only, which lasts if the outer one succeeds. Nothing is copied: the way back is one small tuple a change.

    A repository reads under ``lock`` and changes its state only by :meth:`write`, so that outside of a transaction each
    of its calls is all-or-nothing too, whatever interrupts it.
    """

    def __init__(self) -> None:
        self.lock: Final = RLock()
        self._marks: Final[list[int]] = []
        self._steps: Final[list[Change]] = []

    @property
    def is_open(self) -> bool:
        """Tell whether this thread is in a transaction; one of another thread's is waited for."""
        with self.lock:
            return bool(self._marks)

    def __enter__(self) -> None:
        self.lock.acquire()
        self._marks.append(len(self._steps))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mark = self._marks[-1]
        try:
            if kind is not None:
                self._undo(mark)
            elif len(self._marks) == 1:
                self._steps.clear()
        except BaseException:
            self._undo(mark)
            raise
        finally:
            del self._marks[-1]
            self.lock.release()

    def write(self, *changes: Change) -> None:
        """Make all of the changes, or none of them; the caller holds the lock."""
        steps = self._steps
        mark = len(steps)
        try:
            # First the way back of all, which may be taken twice or for nothing: an interrupt anywhere does no harm.
            steps += changes
            for items, key, _, value in changes:
                if key is _END:
                    items.append(value)
                elif value is _ABSENT:
                    items.pop(key, None)
                else:
                    items[key] = value
        except BaseException:
            self._undo(mark)
            raise
        if not self._marks:
            steps.clear()

    def _undo(self, mark: int) -> None:
        """Go back, last change first, to where the journal was ``mark`` steps long."""
        try:
            _go_back(self._steps, mark)
        except BaseException:
            _go_back(self._steps, mark)
            raise


def _go_back(steps: list[Change], mark: int) -> None:
    while len(steps) > mark:
        items, key, before, _ = steps[-1]
        if key is _END:
            del items[before:]
        elif before is _ABSENT:
            items.pop(key, None)
        else:
            items[key] = before
        steps.pop()
