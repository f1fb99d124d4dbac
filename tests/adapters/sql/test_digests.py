"""Keys that hosts chose, in a database of the version before, are digests from now on (A5)."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from referral_adapters.sql import schema, upgrade
from referral_core.values.name import digest_key

HOSTS = ("crm customer-4711", "Tõnu Ü", "Z A B")
OWN = ("2021-03-01T10:00:00Z A B all", "20 1 4 3 2021-03-01T10:00:00Z A B all")
"""Keys of hosts, and keys that transfers without one are under: of their moment, accounts and amount."""


@pytest.mark.rule("A5", "B7")
def test_keys_of_hosts_become_digests(blank: URL) -> None:
    url, made = blank, create_engine(blank, poolclass=NullPool)
    at = "1000000" if url.get_backend_name() == "sqlite" else "'2026-01-01T00:00:00Z'"
    with made.begin() as connection:
        command.upgrade(schema.configuration(connection), "0014")
        columns, transfer = "(account, kind, reference, amount, moved_at)", "(key, moved, source, target)"
        for key in (*HOSTS, *OWN):
            given = {"key": key}
            connection.execute(text(f"INSERT INTO transfers {transfer} VALUES (:key, 5, 'A', 'B')"), given)
            for account, kind in (("A", "transferred_out"), ("B", "transferred_in")):
                row = f"('{account}', '{kind}', :key, 5, {at})"
                connection.execute(text(f"INSERT INTO discount_movements {columns} VALUES {row}"), given)
        connection.execute(text(f"INSERT INTO discount_movements {columns} VALUES ('A', 'consumed', 'B-1', 5, {at})"))
    upgrade(url)
    expected = {*map(digest_key, HOSTS), *OWN}
    with made.begin() as connection:
        assert {row.key for row in connection.execute(text("SELECT key FROM transfers"))} == expected
        moved = connection.execute(text("SELECT kind, reference FROM discount_movements")).all()
    made.dispose()
    for kind in ("transferred_out", "transferred_in"):
        assert {row.reference for row in moved if row.kind == kind} == expected
    assert [row.reference for row in moved if row.kind == "consumed"] == ["B-1"]
