"""The shape of a database: its tables, columns, keys, indexes, triggers and functions.

The expected shape is not written down a second time. All migrations run on an empty database, which is SQLite in memory
or a schema of PostgreSQL in a transaction that is rolled back, and its shape is compared with the present one.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import attrs
from sqlalchemy import Connection, Row, create_engine
from sqlalchemy.pool import StaticPool

from referral_adapters.sql import distribution, schema
from referral_adapters.sql.errors import StoreFailed


@attrs.frozen
class Finding:
    """One fault of a database: the law that is broken, the subject that breaks it, and a sentence about it."""

    law: str
    subject: str
    message: str


@attrs.frozen
class SchemaPart:
    """A table, a part of a table, or a function, by its name."""

    kind: str
    table: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (f" of {self.table}" if self.table not in {"", self.name} else "")

    def stands_in(self, parts: Mapping[SchemaPart, str]) -> bool:
        """Tell whether the table of this part is among ``parts``; tables and functions belong to none."""
        # The parts of a missing table are not reported one by one.
        return self.kind in {"table", "function"} or SchemaPart("table", self.table, self.table) in parts


_SQLITE: Final = """
SELECT 'table' AS kind, name AS of_table, name, CASE strict WHEN 1 THEN 'strict' ELSE 'not strict' END
FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
UNION ALL
SELECT 'column', t.name, c.name, c.type || CASE c."notnull" WHEN 1 THEN ' NOT NULL' ELSE '' END
  || COALESCE(' DEFAULT ' || c.dflt_value, '') || CASE c.hidden WHEN 0 THEN '' ELSE ' generated' END
FROM pragma_table_list AS t, pragma_table_xinfo(t.name) AS c WHERE t.schema = 'main' AND t.type = 'table'
UNION ALL
SELECT 'key', t.name, '(' || (SELECT group_concat(name, ', ') FROM pragma_index_info(i.name)) || ')',
  CASE i.origin WHEN 'pk' THEN 'primary' ELSE 'unique' END
FROM pragma_table_list AS t, pragma_index_list(t.name) AS i
WHERE t.schema = 'main' AND t.type = 'table' AND i.origin <> 'c'
UNION ALL
SELECT 'foreign key', t.name, '(' || f."from" || ')', f."table" || COALESCE('.' || f."to", '') || ' ' || f.on_delete
FROM pragma_table_list AS t, pragma_foreign_key_list(t.name) AS f WHERE t.schema = 'main' AND t.type = 'table'
UNION ALL
SELECT type, tbl_name, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL
"""
_SPACE: Final = """
SELECT 'table', relname, relname, 'kept' FROM pg_class WHERE relnamespace = %(space)s::regnamespace AND relkind = 'r'
UNION ALL
SELECT 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
  || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END || COALESCE(' COLLATE ' || l.collname, '')
  || COALESCE(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE c.relnamespace = %(space)s::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint', c.relname, k.conname,
  pg_get_constraintdef(k.oid, true) || CASE WHEN k.convalidated THEN '' ELSE ' (not valid)' END
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = %(space)s::regnamespace AND k.contype IN ('p', 'u', 'x', 'f', 'c')
UNION ALL
SELECT 'index', t.relname, c.relname,
  pg_get_indexdef(c.oid, 0, true) || CASE WHEN i.indisvalid THEN '' ELSE ' (not valid)' END
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
WHERE c.relnamespace = %(space)s::regnamespace
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT 'trigger', c.relname, g.tgname,
  pg_get_triggerdef(g.oid, true) || CASE WHEN g.tgenabled = 'O' THEN '' ELSE ' (not enabled)' END
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
WHERE c.relnamespace = %(space)s::regnamespace AND NOT g.tgisinternal
UNION ALL
SELECT 'function', '', p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', p.prosrc
FROM pg_proc p WHERE p.pronamespace = %(space)s::regnamespace AND p.prokind = 'f' AND NOT EXISTS
  (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""


def parts_in_sqlite(connection: Connection) -> dict[SchemaPart, str]:
    """Return the parts of an SQLite database with their definitions, by one statement."""
    return _parts(connection.exec_driver_sql(_SQLITE))


def parts_in_postgresql(connection: Connection, schema: str) -> dict[SchemaPart, str]:
    """Return the parts of one schema of PostgreSQL with their definitions, in the open transaction.

    ``schema`` is a statement that returns the name of the schema.
    """
    space = connection.exec_driver_sql(schema).scalar_one()
    # PostgreSQL leaves out the name of a schema in the search path, so that definitions from two schemas compare equal.
    connection.exec_driver_sql(f"SET LOCAL search_path TO {space}")
    return _parts(connection.exec_driver_sql(_SPACE, {"space": space}))


def _parts(rows: Iterable[Row[Any]]) -> dict[SchemaPart, str]:
    """Return definitions by part, tables first; runs of blanks in a definition are reduced to one."""
    kinds = ("table", "column", "key", "constraint", "foreign key", "index", "trigger", "function")
    found = {SchemaPart(kind, table, name): " ".join(text.split()) for kind, table, name, text in map(tuple, rows)}
    return dict(sorted(found.items(), key=lambda each: (kinds.index(each[0].kind), each[0].table, each[0].name)))


_MAY_CREATE: Final = "SELECT has_database_privilege(current_database(), 'CREATE')"


def shape_findings(connection: Connection) -> Generator[Finding, None, bool]:
    """Yield a finding for each part that is missing or different; further parts may be the host's own.

    Returns whether every table and column is there, so that statements over them can be executed.

    :raises StoreFailed: PostgreSQL does not let this user create a schema to compare with.
    """
    if connection.dialect.name == "sqlite":
        return (yield from _differences(_expected_in_sqlite(), parts_in_sqlite(connection)))
    if not connection.exec_driver_sql(_MAY_CREATE).scalar():
        raise StoreFailed(
            "The check makes a schema of its own to compare with, and undoes it: run it as the owner of the database."
        )
    is_distributed = distribution.is_distributed(connection)
    with _undone(connection):  # in a transaction of its own, since it sets the search path of the transaction
        found = parts_in_postgresql(connection, "SELECT relnamespace::regnamespace::text FROM pg_class"
                                    f" WHERE oid = to_regclass('{schema.VERSION_TABLE}')")  # fmt: skip
    with _undone(connection):
        name = f"referral_check_{secrets.token_hex(8)}"
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        connection.exec_driver_sql(f"SET LOCAL search_path TO {name}")
        schema.run_migrations(connection)
        if is_distributed:  # as distributing did with the unique indexes of the real tables
            distribution.loosen(connection)
        expected = parts_in_postgresql(connection, f"SELECT '{name}'")
    return (yield from _differences(expected, found))


def _expected_in_sqlite() -> Mapping[SchemaPart, str]:
    # One connection for the whole pool: in memory each connection would be a database of its own.
    engine = create_engine("sqlite://", isolation_level="AUTOCOMMIT", poolclass=StaticPool)
    with engine.connect() as scratch:
        schema.run_migrations(scratch)
        parts = parts_in_sqlite(scratch)
    engine.dispose()
    return parts


@contextmanager
def _undone(connection: Connection) -> Iterator[None]:
    """Run a block in a transaction that is rolled back in any case."""
    # Written out, since a connection that was opened for reading only begins its transactions so.
    connection.exec_driver_sql("BEGIN READ WRITE")
    try:
        yield
    finally:
        roll_back(connection)


def roll_back(connection: Connection) -> None:
    """Roll back the open transaction, unless it ended with a broken connection."""
    if not connection.invalidated:
        connection.exec_driver_sql("ROLLBACK")


def _differences(expected: Mapping[SchemaPart, str], found: Mapping[SchemaPart, str]) -> Generator[Finding, None, bool]:
    is_whole = True
    for part, definition in expected.items():
        if part in found:
            if found[part] != definition:
                yield Finding(part.kind, part.name, f"The {part} is {found[part]!r} and should be {definition!r}.")
        elif part.stands_in(found):
            is_whole &= part.kind not in {"table", "column"}
            yield Finding(part.kind, part.name, f"The {part} is missing.")
    return is_whole
