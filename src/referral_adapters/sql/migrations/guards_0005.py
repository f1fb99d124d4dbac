"""What the fifth migration has the database itself do: every row of the trace goes into the outbox, and stays there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_ROW: Final = ("subject", "number", "sequence")
"""The columns of the outbox that never change; its position is given once."""


def postgresql_guards() -> Iterator[str]:
    """Yield the statements for PostgreSQL."""
    # One row at a time, with its subject as it is, so that a cluster keeps the two rows in the same place.
    yield """
        CREATE FUNCTION trace_entries_go_out() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO outbox (subject, number) VALUES (NEW.subject, NEW.number);
          RETURN NULL;
        END $$"""
    yield (
        "CREATE TRIGGER trace_entries_go_out AFTER INSERT ON trace_entries"
        " FOR EACH ROW EXECUTE FUNCTION trace_entries_go_out()"
    )
    yield f"""
        CREATE FUNCTION outbox_stay() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'UPDATE' THEN
            IF {_only_published("IS NOT DISTINCT FROM")} THEN RETURN NEW; END IF;
          END IF;
          RAISE EXCEPTION 'rows of outbox are only published' USING ERRCODE = 'restrict_violation';
        END $$"""
    yield """
        CREATE FUNCTION published_stay() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'rows of published are only added' USING ERRCODE = 'restrict_violation';
        END $$"""
    for table in ("outbox", "published"):
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
    # SQLite has one writer at a time, so the next sequence is one more than that of the last row that waits.
    yield """
        CREATE TRIGGER trace_entries_go_out AFTER INSERT ON trace_entries BEGIN
          INSERT INTO outbox (subject, number, sequence)
          SELECT NEW.subject, NEW.number, COALESCE(MAX(sequence), 0) + 1 FROM outbox WHERE position IS NULL;
        END"""
    yield from _sqlite_stay("outbox", ("subject", "number"), "rows of outbox are only published", _only_published("IS"))
    yield from _sqlite_stay("published", ("position",), "rows of published are only added", "FALSE")


def _sqlite_stay(table: str, key: tuple[str, ...], said: str, may: str) -> Iterator[str]:
    refusal = f"SELECT RAISE(ABORT, '{said}')"
    same = " AND ".join(f"old_row.{column} = NEW.{column}" for column in key)
    yield (
        f"CREATE TRIGGER {table}_stay_insert BEFORE INSERT ON {table} BEGIN"
        f" {refusal} FROM {table} AS old_row WHERE {same}; END"
    )
    yield f"CREATE TRIGGER {table}_stay_update BEFORE UPDATE ON {table} WHEN NOT ({may}) BEGIN {refusal}; END"
    yield f"CREATE TRIGGER {table}_stay_delete BEFORE DELETE ON {table} BEGIN {refusal}; END"


def _only_published(equals: str) -> str:
    """Return the condition that a row is what it was, but for a position that it did not have."""
    kept = [f"NEW.{name} {equals} OLD.{name}" for name in _ROW]
    return " AND ".join([*kept, f"(OLD.position IS NULL OR NEW.position {equals} OLD.position)"])
