"""What the first migration has the database itself refuse, beyond keys: overlapping periods, a changed trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_OVERLAPS: Final = (
    # table, whose, key, start, end, what is said
    ("promo_codes", "account", "text", "issued_at", "ends_at", "code-overlap"),
    ("amount_periods", "group_id", "starts_at", "starts_at", "ends_at", "period-overlap"),
)
_KEPT: Final = {
    "trace_entries": ("subject, number, moment, act, role, before, after, personal_digest, previous, hash", "subject"),
    "seals": ("number, moment, heads, previous, hash", None),
}
"""The columns that never change."""
_ERASABLE: Final = {"trace_entries": ("actor", "reason", "salt"), "seals": ()}
"""The columns that can be emptied (A5)."""


def postgresql_guards() -> Iterator[str]:
    """Yield the statements for PostgreSQL."""
    yield "CREATE EXTENSION IF NOT EXISTS btree_gist"
    for table, whose, _, start, end, _ in _OVERLAPS:
        yield (
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_no_overlap EXCLUDE USING gist"
            f" ({whose} WITH =, tstzrange({start}, {end}) WITH &&) WHERE ({end} IS NULL OR {end} > {start})"
        )
    for table in _KEPT:
        yield f"""
            CREATE FUNCTION {table}_stay() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF TG_OP = 'UPDATE' THEN
                IF {_only_erased(table, "IS NOT DISTINCT FROM")} THEN RETURN NEW; END IF;
              END IF;
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
    for table, whose, key, start, end, said in _OVERLAPS:
        overlap = f"""
            SELECT RAISE(ABORT, '{said}') FROM {table} AS other
            WHERE other.{whose} = NEW.{whose} AND %s
              AND (NEW.{end} IS NULL OR NEW.{end} > NEW.{start})
              AND (other.{end} IS NULL OR other.{end} > other.{start})
              AND (other.{end} IS NULL OR other.{end} > NEW.{start})
              AND (NEW.{end} IS NULL OR NEW.{end} > other.{start});"""
        yield (
            f"CREATE TRIGGER {table}_no_overlap_insert BEFORE INSERT ON {table} BEGIN"
            f" {overlap % f'other.{key} <> NEW.{key}'} END"
        )
        yield (
            f"CREATE TRIGGER {table}_no_overlap_update BEFORE UPDATE ON {table} BEGIN"
            f" {overlap % 'other.rowid <> OLD.rowid'} END"
        )
    for table, (_, subject) in _KEPT.items():
        refusal = f"SELECT RAISE(ABORT, 'rows of {table} are only added')"
        same = "old_row.number = NEW.number" + (f" AND old_row.{subject} = NEW.{subject}" if subject else "")
        yield (
            f"CREATE TRIGGER {table}_stay_insert BEFORE INSERT ON {table} BEGIN"
            f" {refusal} FROM {table} AS old_row WHERE {same}; END"
        )
        yield (
            f"CREATE TRIGGER {table}_stay_update BEFORE UPDATE ON {table}"
            f" WHEN NOT ({_only_erased(table, 'IS')}) BEGIN {refusal}; END"
        )
        yield f"CREATE TRIGGER {table}_stay_delete BEFORE DELETE ON {table} BEGIN {refusal}; END"


def _only_erased(table: str, equals: str) -> str:
    """Return the condition that a row is what it was, but for columns that were emptied."""
    kept = [f"NEW.{name} {equals} OLD.{name}" for name in _KEPT[table][0].split(", ")]
    erased = [f"(NEW.{name} IS NULL OR NEW.{name} {equals} OLD.{name})" for name in _ERASABLE[table]]
    return " AND ".join([*kept, *erased])
