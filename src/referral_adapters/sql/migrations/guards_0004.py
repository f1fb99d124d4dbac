"""What the fourth migration has the database itself refuse: a changed seal, a changed head under a seal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_KEYS: Final = {"seals": ("number",), "sealed_heads": ("subject", "number", "seal")}
"""The tables whose rows are only added, by the columns that tell their rows apart."""


def postgresql_guards() -> Iterator[str]:
    """Yield the statements for PostgreSQL; the first migration's function for seals is put in order too."""
    for table in _KEYS:
        yield f"""
            CREATE OR REPLACE FUNCTION {table}_stay() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              RAISE EXCEPTION 'rows of {table} are only added' USING ERRCODE = 'restrict_violation';
            END $$"""
        yield (
            f"CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {table}_stay()"
        )
        yield (
            f"CREATE TRIGGER {table}_stay_whole BEFORE TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_stay()"
        )


def sqlite_guards() -> Iterator[str]:
    """Yield the statements for SQLite; what is put in another row's place by ``OR REPLACE`` is refused as well."""
    for table, key in _KEYS.items():
        refusal = f"SELECT RAISE(ABORT, 'rows of {table} are only added')"
        same = " AND ".join(f"old_row.{column} = NEW.{column}" for column in key)
        yield (
            f"CREATE TRIGGER {table}_stay_insert BEFORE INSERT ON {table} BEGIN"
            f" {refusal} FROM {table} AS old_row WHERE {same}; END"
        )
        yield f"CREATE TRIGGER {table}_stay_update BEFORE UPDATE ON {table} BEGIN {refusal}; END"
        yield f"CREATE TRIGGER {table}_stay_delete BEFORE DELETE ON {table} BEGIN {refusal}; END"
