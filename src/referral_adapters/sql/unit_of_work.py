"""A unit of work: what one act has read of a database, and what it has yet to write.

On PostgreSQL an act costs as much as its round trips. So what an act is likely to ask is locked and read in one, before
it asks (a :class:`Family` of statements with one key), what it reads again is not read again, and what it changes is
collected and sent in one, at its end. There it is taken for granted that every row can be written. Where one cannot,
because somebody was quicker or because a rule of the database says no, nothing was written: the act is done again, a
statement at a time, and the repositories then say what is in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs
from sqlalchemy import Executable

from referral_adapters.sql.prepared import Prepared, Row

Key = tuple[str, tuple[Any, ...]]
"""A statement's text with the values it was given."""


@attrs.frozen(eq=False)
class Asked:
    """One statement of a family: the name of the one value it is given, if any, and how that is made of the key.

    What it gives is ``lasting`` where the act itself knows of what it adds, so that it need not be read again.
    """

    statement: Executable
    parameter: str | None
    of_key: Callable[[str], str] = str
    lasting: bool = False

    def given(self, key: str) -> dict[str, str]:
        """Return what the statement is given for a key of its family."""
        return {} if self.parameter is None else {self.parameter: self.of_key(key)}


@attrs.frozen(eq=False)
class Family:
    """Statements that an act which asks one of them for a key is likely to ask all of for the same key.

    ``name`` is the kind of argument that the key is. ``lock`` is what to lock before reading, ``{}`` standing for the
    key. ``leads_to`` tells from the first row of each statement which keys of which families are asked next.
    """

    name: str
    asked: tuple[Asked, ...]
    lock: str | None = None
    leads_to: Callable[[Sequence[Row | None]], Iterator[tuple[str, str]]] = attrs.field(default=lambda _: iter(()))


class Families:
    """The families of a store, by name and by each of their statements."""

    def __init__(self, *families: Family) -> None:
        self.by_name: Final[Mapping[str, Family]] = {family.name: family for family in families}
        self._by_statement = {
            asked.statement: (family, asked.parameter)
            for family in families
            for asked in family.asked
            if asked.parameter is not None and asked.of_key is str
        }

    def key_of(self, statement: Executable, given: Mapping[str, Any]) -> tuple[str, str] | None:
        """Return the family of a statement and the key it is asked for; ``None`` when neither is to be told by it."""
        found = self._by_statement.get(statement)
        return None if found is None else (found[0].name, given[found[1]])


@attrs.frozen
class Pending:
    """A statement that is yet to be carried out, and how many rows it has to change; ``None``: any number."""

    statement: Prepared
    values: Any
    rows: int | None


@attrs.define(eq=False)
class Unit:
    """What one act has read, has locked, and has yet to write; ``named`` is what its arguments name."""

    named: Sequence[tuple[str, str]]
    has_begun: bool = False
    read: dict[Key, Sequence[Row]] = attrs.field(factory=dict)
    lasting: set[str] = attrs.field(factory=set)
    """The texts of statements whose answers outlast what the act changes."""
    loaded: set[tuple[str, str]] = attrs.field(factory=set)
    pending: list[Pending] = attrs.field(factory=list)
    changed: set[str] = attrs.field(factory=set)
    """The tables that the act has changed: what was read of them before no longer counts."""
    flushes: int = 0
    must_repeat: bool = False

    def known(self, statement: Prepared, values: Any) -> Sequence[Row] | None:  # noqa: ANN401 - a driver's
        """Return the rows that a statement gave before, if what it reads is still so."""
        if statement.text not in self.lasting and not self.changed.isdisjoint(statement.tables):
            return None
        return self.read.get(key_of(statement, values))

    def keep(self, statement: Prepared, values: Any, rows: Sequence[Row]) -> None:  # noqa: ANN401
        """Keep what a statement gave."""
        self.read[key_of(statement, values)] = rows


def key_of(statement: Prepared, values: Any) -> Key:  # noqa: ANN401
    """Return what identifies a question."""
    return statement.text, tuple(values.values()) if isinstance(values, dict) else tuple(values)
