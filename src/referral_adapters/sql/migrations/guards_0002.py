"""What the second migration has the database itself refuse: histories that are changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs


@attrs.frozen
class Kept:
    """A table whose rows are only added: its key, what else never changes, and what can be emptied (A5)."""

    table: str
    key: tuple[str, ...]
    erasable: tuple[str, ...] = ()

    def only_erased(self, equals: str) -> str:
        """Return the condition that a row is what it was, but for columns that were emptied."""
        kept = [f"NEW.{name} {equals} OLD.{name}" for name in (*self.key, "recorded_at", "state")]
        erased = [f"(NEW.{name} IS NULL OR NEW.{name} {equals} OLD.{name})" for name in self.erasable]
        return " AND ".join([*kept, *erased])


_KEPT: Final = (
    Kept("promo_code_history", ("account", "text", "revision"), ("personal",)),
    Kept("discount_group_history", ("id", "revision")),
    Kept("referral_history", ("contract", "revision")),
)


def postgresql_guards() -> Iterator[str]:
    """Yield the statements for PostgreSQL."""
    for kept in _KEPT:
        table = kept.table
        yield f"""
            CREATE FUNCTION {table}_stay() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF TG_OP = 'UPDATE' THEN
                IF {kept.only_erased("IS NOT DISTINCT FROM")} THEN RETURN NEW; END IF;
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
    for kept in _KEPT:
        table = kept.table
        refusal = f"SELECT RAISE(ABORT, 'rows of {table} are only added')"
        same = " AND ".join(f"old_row.{name} = NEW.{name}" for name in kept.key)
        yield (
            f"CREATE TRIGGER {table}_stay_insert BEFORE INSERT ON {table} BEGIN"
            f" {refusal} FROM {table} AS old_row WHERE {same}; END"
        )
        yield (
            f"CREATE TRIGGER {table}_stay_update BEFORE UPDATE ON {table}"
            f" WHEN NOT ({kept.only_erased('IS')}) BEGIN {refusal}; END"
        )
        yield f"CREATE TRIGGER {table}_stay_delete BEFORE DELETE ON {table} BEGIN {refusal}; END"
