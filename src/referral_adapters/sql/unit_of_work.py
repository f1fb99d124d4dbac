"""The unit of work of one transaction: the answers it has read, the locks it holds, and the writes it holds back.

The lookups that an act is likely to make for one key are a :class:`Family`, which is locked and read in one round trip
beforehand. An answer is read once. A change is known at once and written at the end of the act, in one round trip with
all others. So an act costs two round trips, or three if its keys lead to further keys.

Code that changes the answer of a lookup says so by :meth:`UnitOfWork.keep`. A row that cannot be written, because
another transaction was quicker, ends the attempt: the act is repeated, and then a rule sees the other row and names the
reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar, cast

import attrs

from referral_adapters.sql.prepared import Lockable, Prepared, Row

V = TypeVar("V")
Key = str | tuple[str, ...]
"""The key of a lookup: one text, or several."""


@attrs.frozen(eq=False)
class Lookup(Generic[V]):
    """A read by one key: the statement, the function that makes the answer of its rows, and the names of parameters."""

    statement: Lockable
    read: Callable[[Sequence[Row]], V]
    parameters: tuple[str, ...] = ("of",)

    def given(self, key: Key) -> dict[str, str]:
        """Return the parameters of the statement for a key; a lookup without parameters takes any key."""
        if len(self.parameters) == 1:
            return {self.parameters[0]: cast("str", key)}
        return dict(zip(self.parameters, key, strict=False))


def _itself(key: Key) -> Key:
    return key


@attrs.frozen(eq=False)
class Member:
    """A lookup of a family, the function from the family's key to its own, and a ``statement`` in place of its own."""

    lookup: Lookup[Any]
    of_key: Callable[[Key], Key] = _itself
    statement: Lockable | None = None


@attrs.frozen(eq=False)
class Family:
    """Lookups that an act is likely to make together for one key.

    ``name`` is the kind of the key among the arguments of acts. ``lock`` is the name that is locked before reading,
    with ``{}`` in the place of the key. ``leads_to`` gives the families and keys that are to be read next, from the
    answers.
    """

    name: str
    members: tuple[Member, ...]
    lock: str | None = None
    leads_to: Callable[[Sequence[Any]], Iterable[tuple[str, Key]]] = lambda _: ()


class Families:
    """The families of a store, by name, and by those of their lookups that have the family's own key."""

    def __init__(self, *families: Family) -> None:
        self.by_name: Final[Mapping[str, Family]] = {family.name: family for family in families}
        self._of_lookup: dict[Lookup[Any], str] = {}
        for family in families:
            for member in family.members:
                # A lookup with another key or another lock must not read the whole family by itself.
                if member.of_key is _itself and member.statement is None:
                    self._of_lookup.setdefault(member.lookup, family.name)

    def of(self, lookup: Lookup[Any]) -> str | None:
        """Return the name of the family that is read with a lookup, if there is one."""
        return self._of_lookup.get(lookup)


@attrs.frozen
class PendingWrite:
    """A statement that is held back until the end of the act, with its parameters."""

    statement: Prepared | str
    given: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.define(eq=False)
class Savepoint:
    """A part of a transaction that can be undone by itself.

    ``mark`` and ``undo`` are the lengths of the lists of pending writes and of changed answers at its beginning.
    ``locks`` are the locks held before it. ``is_sent`` tells whether the database has the savepoint: it is set only
    when a statement has to be executed inside the part.
    """

    mark: int
    undo: int
    locks: frozenset[str]
    is_sent: bool = False


Known = tuple[Lookup[Any], Key]
_ABSENT: Final = object()


@attrs.define(eq=False)
class UnitOfWork:
    """The answers, the locks and the pending writes of one transaction.

    ``may_wait`` tells that the writes of an act inside it may stay pending after the act, because the whole transaction
    is repeated if one of them fails.
    """

    may_wait: bool = False
    has_begun: bool = False
    is_lost: bool = False
    """Tells whether the transaction has failed in the database, so that it can only be rolled back."""
    known: dict[Known, Any] = attrs.field(factory=dict)
    changed: dict[Known, None] = attrs.field(factory=dict)
    """The answers that were changed here: the database may still give the earlier ones, as the writes are pending."""
    loaded: set[tuple[str, Key]] = attrs.field(factory=set)
    locks: set[str] = attrs.field(factory=set)
    pending: list[PendingWrite] = attrs.field(factory=list)
    unseen: set[str] = attrs.field(factory=set)
    """The tables with pending writes that no answer takes into account: a read of them has to flush first."""
    levels: list[Savepoint] = attrs.field(factory=list)
    undo: list[tuple[Known, Any, bool]] = attrs.field(factory=list)

    def keep(self, lookup: Lookup[V], key: Key, answer: V) -> None:
        """Set the answer of a lookup after a change, and remember the earlier one for undoing."""
        place = (lookup, key)
        self.undo.append((place, self.known.get(place, _ABSENT), place in self.changed))
        self.known[place] = answer
        self.changed[place] = None

    def read(self, lookup: Lookup[V], key: Key, answer: V) -> None:
        """Set the answer that the database has given, unless the answer was changed here."""
        if (lookup, key) not in self.changed:
            self.known[lookup, key] = answer

    def enter(self) -> Savepoint:
        """Begin a part, without a statement yet."""
        level = Savepoint(len(self.pending), len(self.undo), frozenset(self.locks))
        self.levels.append(level)
        return level

    def undo_part(self, level: Savepoint) -> None:
        """Undo the changes of a part; if the database had its savepoint, forget every answer as well.

        Going back to a savepoint releases the locks taken since, so that answers read under them may be out of date.
        """
        if level.is_sent:
            self.forget()
            self.locks = set(level.locks)
            self.pending.clear()
            self.unseen.clear()
        else:
            del self.pending[level.mark :]
            self._go_back(level.undo)
        del self.undo[level.undo :]

    def forget(self, tables: frozenset[str] | None = None) -> None:
        """Forget all answers, or those from these tables, so that they are read again; nothing may be pending."""
        if tables is None:
            self.known.clear()
            self.changed.clear()
        else:
            for place in [each for each in self.known if not tables.isdisjoint(each[0].statement.tables)]:
                del self.known[place]
                self.changed.pop(place, None)
        self.loaded.clear()
        self.undo.clear()
        for level in self.levels:
            level.undo = 0

    def flushed(self, *, sent: bool) -> None:
        """Clear the pending writes; if they were ``sent``, the database has a savepoint for every part."""
        self.pending.clear()
        self.unseen.clear()
        for level in self.levels:
            level.mark, level.is_sent = 0, level.is_sent or sent

    def _go_back(self, mark: int) -> None:
        for place, before, was_changed in reversed(self.undo[mark:]):
            if before is _ABSENT:
                del self.known[place]
            else:
                self.known[place] = before
            if not was_changed:
                del self.changed[place]
