"""The journal of a store: one lock, for every change the way back, and the collections that are changed through it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from threading import RLock
from types import TracebackType
from typing import Any, Final, Generic, TypeVar

import attrs

from referral_core.values.history import Recorded, learned_at

K = TypeVar("K")
V = TypeVar("V")
S = TypeVar("S")
Key = TypeVar("Key", str, tuple[datetime, str])

_ABSENT: Final = object()
_END: Final = object()
_SLACK: Final = 16
"""How many keys that are gone may stay in the order of a small dictionary."""
_PART: Final = 8
"""Which part of a long order may be keys that are gone: an eighth."""
_FEW: Final = 250
"""How many keys are cheaper to insert one by one than to sort anew, whatever the length of the order."""

Change = tuple[Any, Any, Any, Any]
"""A change to a dictionary or a list that is not made yet, with its way back.

Create one by :func:`setting`, :func:`removing` or :func:`adding`, under the lock of the journal that is to write it.
"""


class Journal:
    """The lock of one store, and the way back from every change of its running transaction.

    As a context manager the journal is a transaction: it holds the lock, and an exception of any kind that leaves the
    block undoes the work of the block exactly. It may be entered again inside itself: a failure of the inner block
    undoes the work of the inner block only, and that work lasts if the outer block succeeds. Nothing is copied: the way
    back is one small tuple per change.

    A repository reads under ``lock`` and changes its state only by :meth:`write`. So each of its calls is all or
    nothing outside a transaction too, whatever interrupts it.
    """

    def __init__(self) -> None:
        self.lock: Final = RLock()
        self._marks: Final[list[int]] = []
        self._steps: Final[list[Change]] = []

    @property
    def is_open(self) -> bool:
        """Tell whether this thread is in a transaction; the transaction of another thread is waited for."""
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
        except BaseException:  # an interrupt during the end of the block: the block has failed after all
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
            # The way back of all changes comes first. Taking it twice, or for a change that was never made, does no
            # harm, so an interrupt between any two lines does none either.
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
        except BaseException:  # a second Ctrl+C must not leave half of the changes behind
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
        steps.pop()  # only now: an interrupt before this line has the step undone once more


def setting(items: dict[K, V], key: K, value: V) -> Change:
    """Return the change that puts ``value`` under ``key``."""
    return items, key, items.get(key, _ABSENT), value


def removing(items: dict[K, V], key: K) -> Change:
    """Return the change that removes ``key``.

    A key whose removal is undone stands last, so this is not for a dictionary whose order matters.
    """
    return items, key, items.get(key, _ABSENT), _ABSENT


def adding(items: list[V], item: V) -> Change:
    """Return the change that puts ``item`` at the end of a list that only grows."""
    return items, _END, len(items), item


class KeyOrder(Generic[Key]):
    """The keys of a dictionary in order, kept so that reading the next few costs little more than those few.

    The owner of the dictionary announces each key before adding it. Keys that are gone are passed over, and are swept
    out when they are more than an eighth. So the list below always holds every key of the dictionary, also after the
    dictionary went back to an earlier state; the sweep itself goes through the journal and is undone with the rest.
    """

    def __init__(self, journal: Journal, keys: Mapping[Key, object]) -> None:
        self._journal = journal
        self._keys: Mapping[Key, object] = keys
        self._sorted: dict[str, list[Key]] = {"keys": []}
        self._announced: list[Key] = []

    def announce(self, key: Key) -> None:
        """Announce a key that is about to be added."""
        self._announced.append(key)

    def settle(self) -> None:
        """Put the announced keys in place if they outnumber the dictionary, so that an order nobody reads stays short.

        Every announced key has been added by now, or has been added and removed.
        """
        if len(self._announced) > 2 * len(self._keys) + _SLACK:
            self._tidied()

    def above(self, after: Key | None = None) -> Iterator[Key]:
        """Yield the keys above ``after`` in order, all of them for ``None``.

        The caller holds the lock of the journal until the reading ends.
        """
        order = self._tidied()
        if after is None:
            return (key for key in order if key in self._keys)
        places = range(bisect_right(order, after), len(order))  # no slice: it would copy all keys that follow
        return (order[place] for place in places if order[place] in self._keys)

    def _tidied(self) -> list[Key]:
        order = self._sorted["keys"]
        if self._announced:
            self._put_in_place(order)
            self._announced.clear()
        if len(order) > len(self._keys) + len(self._keys) // _PART + _SLACK:
            order = sorted(self._keys)
            self._journal.write(setting(self._sorted, "keys", order))
        return order

    def _put_in_place(self, order: list[Key]) -> None:
        """Put the announced keys into the order: many of them by sorting it anew, a few one by one."""
        if len(self._announced) > min(len(order) // _PART, _FEW):
            order[:] = sorted(dict.fromkeys(order + self._announced))
            return
        for key in self._announced:
            place = bisect_left(order, key)
            if place == len(order) or order[place] != key:
                order.insert(place, key)


class History(Generic[S]):
    """Every state recorded on the subjects of one kind, in the order of recording; nothing is ever removed.

    ``thing`` returns the id of the thing that a state belongs to, since several things may share one subject: the
    revisions of each thing are counted by themselves.
    """

    def __init__(self, thing: Callable[[S], str]) -> None:
        self._thing = thing
        self._records: dict[str, list[Recorded[S]]] = {}

    def recording(self, subject: str, state: S, at: datetime) -> Change:
        """Return the change that records one more state, at a moment never before the last one on its subject."""
        records = self._records.get(subject)
        if records is None:
            return setting(self._records, subject, [Recorded(state, at, 1)])
        thing = self._thing(state)
        revision = 1 + sum(self._thing(record.state) == thing for record in records)
        return adding(records, Recorded(state, learned_at(at, records[-1].recorded_at), revision))

    def erasing(self, erased: Callable[[S], S]) -> Iterator[Change]:
        """Yield the changes that replace each state by the result of ``erased``, where the two differ (A5)."""
        for subject, records in self._records.items():
            anew = [attrs.evolve(record, state=erased(record.state)) for record in records]
            if anew != records:
                yield setting(self._records, subject, anew)

    def of(self, subject: str) -> tuple[Recorded[S], ...]:
        """Return every state recorded on a subject, first to last; an unknown subject has none."""
        return tuple(self._records.get(subject, ()))
