"""The floor: the driver alone, which checks nothing and puts into the tables of this library what the library would.

A check is the one statement that ours is, without judging. For the other two, one contract is concluded and activated
by the library, and what came of it in the tables is put there again for each newcomer: the same rows with other names,
inserted or changed one by one in one transaction, into the same tables with all their indexes and guards. What the
referrer's grant leaves in the trace goes to a chain of its own each time, so the floor never waits for whoever adds to
the chain of a famous referrer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, Final

import attrs
import psycopg
from psycopg.rows import dict_row
from sqlalchemy.engine import make_url

from bench_check import reading
from peers.client import FAMOUS, Contender, Population, main, text_of
from peers.ours import ACTIVATING, CONCLUDING, HOST, prepare
from referral_adapters.sql import SqlStore
from referral_adapters.sql.tables import METADATA
from referral_core import Programme, ReferralDesk

BY_TRIGGER: Final = ("outbox",)
"""The tables that the database fills by itself."""
OWN_LETTERS: Final = "DEFGHJKM"
Key = tuple[str, tuple[object, ...]]
"""A table, and a row's values of its primary key."""
Row = dict[str, Any]


@attrs.frozen
class Change:
    """A statement that makes one row what it should be, with the values that it had in the model."""

    text: str
    values: Row

    @classmethod
    def of(cls, key: Key, row: Row, before: Row | None) -> Change:
        """Return what inserts a row, or changes the one that was there before."""
        table = key[0]
        if before is None:
            return cls(f"INSERT INTO {table} VALUES ({', '.join(f'%({name})s' for name in row)})", row)
        changed = [name for name in row if row[name] != before[name]]
        keys = _keys(table)
        sets, where = (", ".join(f'"{name}" = %({name})s' for name in names) for names in (changed, keys))
        text = f"UPDATE {table} SET {sets} WHERE {where.replace(', ', ' AND ')}"
        return cls(text, {name: row[name] for name in (*changed, *keys)})

    def values_for(self, names: Mapping[str, str], found: re.Pattern[str]) -> Row:
        """Return the values with other names in them."""

        def other(value: object) -> object:
            return found.sub(lambda one: names[one[0]], value) if isinstance(value, str) else value

        return {column: other(value) for column, value in self.values.items()}


class Driver:
    """The driver on a database that ours works on."""

    def __init__(self, url: str, population: Population) -> None:
        programme = Programme.default()
        self._read = reading(make_url(url), programme)
        self._driver: psycopg.Connection[Row] = psycopg.connect(url, autocommit=True, row_factory=dict_row)
        self._newcomers = population.newcomers
        self._came_with: dict[int, int] = {}
        self._model = f"model-{os.getpid()}"
        with SqlStore(url, programme) as store:
            desk = ReferralDesk(programme, store)
            signed = desk.session(actor=HOST, now=CONCLUDING).sign_ups.conclude(
                self._model, account=self._model, customer=self._model, code=text_of(FAMOUS)
            )
            assert signed.issued is not None
            self._code = signed.issued.text
            concluded = self._rows()
            desk.session(actor=HOST, now=ACTIVATING).contracts.activate(self._model)
        self._recording = [Change.of(key, row, None) for key, row in concluded.items()]
        self._activating = [Change.of(key, row, concluded.get(key)) for key, row in self._rows().items()]

    def check(self, code: int) -> None:
        """Read what a check reads."""
        assert self._read((text_of(code), "somebody"))

    def record(self, code: int, newcomer: int) -> None:
        """Insert the rows of a conclusion."""
        self._came_with = {newcomer: code}
        self._put(self._recording, code, newcomer)

    def activate(self, newcomer: int) -> None:
        """Insert or change the rows of an activation."""
        self._put(self._activating, self._came_with[newcomer], newcomer)

    def _put(self, changes: list[Change], code: int, newcomer: int) -> None:
        client, number = divmod(newcomer, self._newcomers)
        names = {
            self._model: f"driven-{newcomer}",
            self._code: f"{OWN_LETTERS[client]}{number:07d}",
            f"account:account-{FAMOUS}": f"account:account-{code}-{newcomer}",
            f"account-{FAMOUS}": f"account-{code}",
            f"customer-{FAMOUS}": f"customer-{code}",
            text_of(FAMOUS): text_of(code),
        }
        found = re.compile("|".join(names))
        prepared = [(change.text, change.values_for(names, found)) for change in changes]
        with self._driver.transaction():
            for text, values in prepared:
                assert self._driver.execute(text, values, prepare=True).rowcount == 1

    def _rows(self) -> dict[Key, Row]:
        """Return the rows that the last change of the model's contract left, those that others refer to first."""
        asked = "SELECT xmin::text AS at FROM contracts WHERE id = %s"
        (last,) = self._driver.execute(asked, [self._model]).fetchall()
        rows = {}
        for table in METADATA.sorted_tables:
            if table.name not in BY_TRIGGER:
                for row in self._driver.execute(f"SELECT * FROM {table.name} WHERE xmin::text = %s", [last["at"]]):
                    rows[table.name, tuple(row[name] for name in _keys(table.name))] = row
        return rows


def _keys(table: str) -> list[str]:
    return [column.name for column in METADATA.tables[table].primary_key]


def _opened(url: str, population: Population) -> Contender:
    return Driver(url, population)


if __name__ == "__main__":
    main(prepare, _opened)
