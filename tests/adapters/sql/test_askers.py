"""Kept answers of a database of the version before stand under role and id from now on, whoever they are for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from referral_adapters.sql import SqlStore, schema, upgrade
from referral_core.entities.actor import Role
from referral_core.ports.requests import asker_of
from referral_core.values.name import digest_key

BEFORE = {
    "C-1": asker_of(Role.CUSTOMER, "C-1"),
    "Ann Lee": asker_of(Role.CUSTOMER, "Ann Lee"),
    "9 3 my crm": asker_of(Role.CUSTOMER, "9 3 my crm"),
    "system crm": asker_of(Role.SYSTEM, "crm"),
    "5 8 agent Mari Maa": asker_of(Role.AGENT, "Mari Maa"),
}
"""The askers of the version before, and those of this one."""


@pytest.mark.rule("B2")
def test_every_kept_answer_is_found_by_its_asker(blank: URL) -> None:
    url, made = blank, create_engine(blank, poolclass=NullPool)
    at = "1000000" if url.get_backend_name() == "sqlite" else "'2026-01-01T00:00:00Z'"
    with made.begin() as connection:
        command.upgrade(schema.configuration(connection), "0010")
        for asker in BEFORE:
            given = {"asker": asker, "text": f"200 {asker}"}
            connection.execute(text(f"INSERT INTO answers VALUES (:asker, 'k', 'd', :text, {at})"), given)
    upgrade(url)
    with SqlStore(url) as store:
        for before, after in BEFORE.items():
            found = store.requests.answer(after, digest_key("k"))
            assert found is not None
            assert found.text == f"200 {before}"
        assert store.requests.forget(datetime(2027, 1, 1, tzinfo=UTC)) == len(BEFORE)
