"""A unit of work: what one transaction knows of a database, and what it has yet to write.

What an act is likely to ask is locked and read in one round trip, before it asks: a :class:`Family` of lookups with one
key. What is known is not read again, and what is changed is known at once and written in one round trip, at the end of
the act. So an act costs two round trips, or three where what it names leads to more.

Whoever changes what a lookup answers says so (:meth:`UnitOfWork.keep`). A row that cannot be written, because somebody
was quicker, ends the attempt: the act is done again, and a rule then finds what is in the way and names the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar, cast

import attrs

from referral_adapters.sql.prepared import Lockable, Prepared, Row

V = TypeVar("V")
Key = str | tuple[str, ...]
"""What a lookup is asked for: one text, or several."""


@attrs.frozen(eq=False)
class Lookup(Generic[V]):
    """A question about one key: the statement that answers it, which is given the key, and how its rows are read."""

    statement: Lockable
    read: Callable[[Sequence[Row]], V]
    parameters: tuple[str, ...] = ("of",)

    def given(self, key: Key) -> dict[str, str]:
        """Return what the statement is given for a key."""
        if len(self.parameters) == 1:
            return {self.parameters[0]: cast("str", key)}
        return dict(zip(self.parameters, key, strict=False))


def _itself(key: Key) -> Key:
    return key


@attrs.frozen(eq=False)
class Member:
    """A lookup of a family, how its key is made of the family's, and the ``statement`` if not the lookup's own."""

    lookup: Lookup[Any]
    of_key: Callable[[Key], Key] = _itself
    statement: Lockable | None = None


@attrs.frozen(eq=False)
class Family:
    """Lookups that an act which asks one of them for a key is likely to ask all of for the same key.

    ``name`` is the kind of argument that the key is. ``lock`` is what to lock before reading, ``{}`` standing for the
    key. ``leads_to`` tells from the answers which keys of which families are asked next.
    """

    name: str
    members: tuple[Member, ...]
    lock: str | None = None
    leads_to: Callable[[Sequence[Any]], Iterable[tuple[str, Key]]] = lambda _: ()


class Families:
    """The families of a store, by name and by the lookups that are asked for their very keys."""

    def __init__(self, *families: Family) -> None:
        self.by_name: Final[Mapping[str, Family]] = {family.name: family for family in families}
        self._of_lookup: dict[Lookup[Any], str] = {}
        for family in families:
            for member in family.members:
                if member.of_key is _itself and member.statement is None:
                    self._of_lookup.setdefault(member.lookup, family.name)

    def of(self, lookup: Lookup[Any]) -> str | None:
        """Return the name of the family that a lookup is read with, if any."""
        return self._of_lookup.get(lookup)


@attrs.frozen
class PendingWrite:
    """A statement that is yet to be carried out, with its values."""

    statement: Prepared | str
    given: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.define(eq=False)
class Savepoint:
    """A part of a transaction that can be undone by itself.

    ``mark`` and ``undo`` are where it begins among what is pending and what was changed; ``is_sent`` tells whether the
    database knows of it, as a savepoint; ``locks`` are those that were held before.
    """

    mark: int
    undo: int
    locks: frozenset[str]
    is_sent: bool = False


Known = tuple[Lookup[Any], Key]
_ABSENT: Final = object()


@attrs.define(eq=False)
class UnitOfWork:
    """What one transaction has read, has locked, and has yet to write.

    ``may_wait`` tells that acts in it need not be written at their ends, because all of it is done again if anything
    cannot be written.
    """

    may_wait: bool = False
    has_begun: bool = False
    is_lost: bool = False
    """Whether it can only be rolled back."""
    known: dict[Known, Any] = attrs.field(factory=dict)
    changed: dict[Known, None] = attrs.field(factory=dict)
    """What is known because it was changed here: reading it again would find what was so before."""
    loaded: set[tuple[str, Key]] = attrs.field(factory=set)
    locks: set[str] = attrs.field(factory=set)
    pending: list[PendingWrite] = attrs.field(factory=list)
    unseen: set[str] = attrs.field(factory=set)
    """The tables with pending rows that no lookup knows of: whoever looks there has to wait until they are written."""
    levels: list[Savepoint] = attrs.field(factory=list)
    undo: list[tuple[Known, Any, bool]] = attrs.field(factory=list)

    def keep(self, lookup: Lookup[V], key: Key, answer: V) -> None:
        """Know from now on what a lookup answers, because it was changed here."""
        place = (lookup, key)
        self.undo.append((place, self.known.get(place, _ABSENT), place in self.changed))
        self.known[place] = answer
        self.changed[place] = None

    def read(self, lookup: Lookup[V], key: Key, answer: V) -> None:
        """Know what the database says, unless that has been changed here."""
        if (lookup, key) not in self.changed:
            self.known[lookup, key] = answer

    def enter(self) -> Savepoint:
        """Begin a part."""
        level = Savepoint(len(self.pending), len(self.undo), frozenset(self.locks))
        self.levels.append(level)
        return level

    def undo_part(self, level: Savepoint) -> None:
        """Forget what was changed in a part; where the database knew of it, forget all that was read too."""
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
        """Have everything looked up again, or what these tables tell; nothing is pending."""
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
        """Know that nothing is pending any more; if it was ``sent``, every part is a savepoint."""
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
