"""The two users of the page about databases: one owns the tables, the other works with as few rights as it takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import psycopg
import pytest
from typer.testing import Result

from tests.adapters.cli.command_line import invoke
from tests.adapters.postgres_server import PostgresServer

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = (ROOT / "docs" / "how-to" / "use-a-database.md").read_text(encoding="utf-8")
USERS, GRANTS = re.findall(r"^```sql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
DATABASE: Final = "referral_of_the_page"
FEED: Final = ROOT / "examples" / "a123" / "edges.jsonl"


def run(*args: str) -> Result:
    return invoke(args)


def test_who_works_needs_no_more_than_the_page_grants(postgres: PostgresServer) -> None:
    users = USERS.replace("DATABASE referral ", f"DATABASE {DATABASE} ")
    with postgres.connected() as connection:
        for statement in filter(None, map(str.strip, users.split(";"))):
            connection.execute(statement.encode())
    try:
        owner, worker = (
            postgres.url.set(drivername="postgresql", username=name, password="...", database=DATABASE)
            for name in ("referral_owner", "referral_work")
        )
        as_owner, as_worker = (each.render_as_string(hide_password=False) for each in (owner, worker))
        assert run("db", "upgrade", "--db", as_owner).exit_code == 0
        assert "does not let this user" in run("replay", str(FEED), "--db", as_worker).stderr
        with postgres.connected(owner) as connection:
            connection.execute(GRANTS.encode())
        assert run("replay", str(FEED), "--db", as_worker).exit_code == 1  # some lines of it are refused
        assert run("summary", "--db", as_worker).exit_code == 0
        assert run("db", "check", "--db", as_owner).exit_code == 0
        assert "as the owner" in run("db", "check", "--db", as_worker).stderr
        with postgres.connected(worker) as connection:
            for act in ("DELETE FROM seals", "UPDATE referral_version SET version_num = ''", "DROP TABLE cases"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(act.encode())
        with postgres.connected(owner) as connection:
            connection.execute("REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public FROM referral_work")
        assert run("summary", "--db", as_worker).exit_code == 0
    finally:
        with postgres.connected() as connection:
            connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
            connection.execute("DROP ROLE referral_owner, referral_work")
