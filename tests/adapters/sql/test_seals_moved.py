"""Seals of the first version, whose heads stood in their own row, come through the migration and verify (A2)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import URL

from referral_adapters.conformance.samples import day, note
from referral_adapters.sql import SqlStore, schema, upgrade
from referral_adapters.sql.connections import engine_at
from referral_adapters.sql.types import canonical
from referral_core.entities.seal import Head
from referral_core.entities.trace import GENESIS, TraceEntry, account_subject
from referral_core.services.verification import TraceVerifier as Verifying

BEFORE: Final = "0003"
SUBJECTS: Final = ("A1", "Õ'\"", "A2")
Heads = list[Head]


@pytest.fixture
def url(blank: URL) -> URL:
    """Return the URL of a database of the version before, with chains of two rows and three seals."""
    return furnished(blank)


def furnished(url: URL) -> URL:
    engine = engine_at(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        command.upgrade(schema.configuration(connection), BEFORE)
        rows = [row for subject in SUBJECTS for row in chain(subject)]
        for row in rows:
            put(connection, "trace_entries", entry(row, connection))
        first: Heads = [(row.subject, row.number, row.hash) for row in rows if row.number == 1]
        second: Heads = [
            (row.subject, row.number, row.hash) for row in rows if row.number == 2 and row.subject[-1] != "2"
        ]
        previous = GENESIS
        for number, heads in enumerate((first, second, []), 1):
            previous = put_seal(connection, number, sorted(heads), previous)
        connection.exec_driver_sql("COMMIT")
    engine.dispose()
    return url


def chain(account: str) -> list[TraceEntry]:
    first = TraceEntry.chained(note(account), None, "salt-1-of-sixteen")
    return [first, TraceEntry.chained(note(account, after={"n": "2"}), first, "salt-2-of-sixteen")]


def entry(row: TraceEntry, connection: Connection) -> dict[str, Any]:
    return {
        "subject": row.subject, "number": row.number, "moment": moment(row.moment, connection), "act": row.act,
        "role": row.role.value, "before": None, "after": None if row.after is None else canonical(row.after),
        "actor": row.actor, "reason": row.reason, "salt": row.salt, "personal_digest": row.personal_digest,
        "previous": row.previous, "hash": row.hash,
    }  # fmt: skip


def put_seal(connection: Connection, number: int, heads: Heads, previous: str) -> str:
    """Set a seal as the first version did, and return its hash."""
    written = day(number).astimezone(UTC).isoformat().replace("+00:00", "Z")
    content = [number, written, previous, heads]
    digest = sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
    row = {"number": number, "moment": moment(day(number), connection), "heads": canonical(heads)}
    put(connection, "seals", {**row, "previous": previous, "hash": digest})
    return digest


def moment(value: datetime, connection: Connection) -> object:
    if connection.dialect.name == "postgresql":
        return value
    return round(value.timestamp()) * 1_000_000 + value.microsecond


def put(connection: Connection, table: str, row: dict[str, Any]) -> None:
    names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), row)


def seals_of_before(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT number, moment, heads, previous, hash FROM seals ORDER BY number")))


@pytest.mark.rule("A2")
def test_seals_of_the_first_version_verify_and_go_on(url: URL) -> None:
    engine = engine_at(url)
    before = seals_of_before(engine)
    upgrade(url)
    after = seals_of_before(engine)
    engine.dispose()
    assert [(row.number, row.moment, row.previous, row.hash) for row in after] == [
        (row.number, row.moment, row.previous, row.hash) for row in before
    ]
    assert [row.heads for row in after] == [3, 2, 0]
    with SqlStore(url) as store:
        listed = [[list(head.head) for head in store.trace.sealed_heads(number)] for number in (1, 2, 3)]
        assert listed == [json.loads(row.heads) for row in before]
        verified = Verifying(store.trace, most=9).run(day(9))
        assert (verified.holds, verified.seals, verified.rows, verified.unsealed) == (True, 3, 6, 1)
        store.trace.append(note())
        seal = store.trace.seal(day(10))
        assert seal
        assert (seal.number, seal.heads, seal.previous) == (4, 2, before[-1].hash)
        assert Verifying(store.trace, most=9).run(day(9)).unsealed == 0


@pytest.mark.rule("A2")
def test_a_seal_that_was_forged_before_is_still_found(url: URL) -> None:
    engine = engine_at(url)
    with engine.connect() as connection:
        guard = "seals_stay_update" if url.get_backend_name() == "sqlite" else "seals_stay ON seals"
        connection.execute(text(f"DROP TRIGGER {guard}"))
        connection.execute(text("UPDATE seals SET heads = replace(heads, ',1,', ',2,') WHERE number = 1"))
    engine.dispose()
    upgrade(url)
    with SqlStore(url) as store:
        named = {(fault.subject, fault.number) for fault in Verifying(store.trace, most=9).run(day(9)).faults}
        assert named >= {("seal", 1), (account_subject("A1"), 2)}
