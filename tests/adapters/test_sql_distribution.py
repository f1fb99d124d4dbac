"""Growing past one machine: what is handed to Citus, in which order, and what every statement asks of it.

Citus itself is not here. What stands in for it is written below: two functions that record what they are asked for,
and refuse a table as Citus does, reading PostgreSQL's own catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg
import pytest
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from examples.year import feed
from referral_adapters.cli.store import secret_of
from referral_adapters.feed import FeedRunner
from referral_adapters.sql import SqlStore, StoreFailed, Upgraded, check, schema, upgrade
from referral_adapters.sql.errors import translated
from referral_adapters.sql.metadata import REFERENCE
from referral_adapters.sql.tables import METADATA
from referral_core import Actor, Programme, ReferralDesk, Refusal
from referral_core.values.reason import Reason
from tests.adapters.noting_cursor import noting
from tests.adapters.postgres_server import PostgresServer

PAGE: Final = Path(__file__).parents[2] / "docs" / "explanation" / "growing.md"
PROGRAMME: Final = Programme.default()
KEY: Final = secret_of("demo")
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
CITUS: Final = """
CREATE TABLE pg_dist_partition (logicalrelid regclass PRIMARY KEY, place text NOT NULL, number serial);

CREATE FUNCTION refuse_what_citus_refuses(of regclass, by text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE at smallint; one record;
BEGIN
  IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = of) THEN
    RAISE 'table "%" is already distributed', of;
  END IF;
  IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = of AND NOT tgisinternal)
     AND current_setting('citus.enable_unsafe_triggers', true) IS DISTINCT FROM 'on' THEN
    RAISE 'cannot distribute relation "%" because it has triggers', of;
  END IF;
  FOR one IN SELECT * FROM pg_constraint WHERE conrelid = of AND contype = 'f' LOOP
    IF NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = one.confrelid
        AND (place = 'everywhere' OR by IS NOT NULL)) THEN
      RAISE 'referenced table "%" must be a distributed table or a reference table', one.confrelid::regclass;
    END IF;
  END LOOP;
  IF by IS NULL THEN RETURN; END IF;
  SELECT attnum INTO at FROM pg_attribute WHERE attrelid = of AND attname = by AND attnotnull;
  IF at IS NULL THEN RAISE 'column "%" of relation "%" does not exist', by, of; END IF;
  FOR one IN SELECT i.indexrelid, k.conexclop, array_position(i.indkey, at) AS position
      FROM pg_index i LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = of
      WHERE i.indrelid = of AND (i.indisunique OR i.indisexclusion) LOOP
    IF one.position IS NULL OR one.conexclop IS NOT NULL
        AND (SELECT oprname FROM pg_operator WHERE oid = one.conexclop[one.position + 1]) <> '=' THEN
      RAISE 'cannot create constraint on "%": % does not include the partition column', of,
        one.indexrelid::regclass;
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION create_reference_table(table_name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse_what_citus_refuses(table_name, NULL);
  INSERT INTO pg_dist_partition VALUES (table_name, 'everywhere');
END $$;

CREATE FUNCTION create_distributed_table(
  table_name regclass, distribution_column text, distribution_type text = 'hash', colocate_with text = 'default'
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('citus.multi_shard_modify_mode', true) IS DISTINCT FROM 'sequential' THEN
    RAISE 'there was a parallel operation in this transaction';
  END IF;
  PERFORM refuse_what_citus_refuses(table_name, distribution_column);
  IF colocate_with <> 'default' THEN
    PERFORM FROM pg_dist_partition WHERE logicalrelid = colocate_with::regclass;
    IF NOT FOUND THEN RAISE 'relation % is not distributed', colocate_with; END IF;
  END IF;
  INSERT INTO pg_dist_partition VALUES (table_name, distribution_column || ' beside ' || colocate_with);
END $$;
"""


@pytest.fixture
def plain(postgres: PostgresServer) -> Iterator[URL]:
    """Yield the URL of an empty PostgreSQL database."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def cluster(plain: URL, postgres: PostgresServer) -> URL:
    """Return the URL of an empty database that takes itself for one with Citus."""
    with postgres.connected(plain) as connection:
        connection.execute(CITUS.encode())
    return plain


def asked(postgres: PostgresServer, url: URL) -> dict[str, str]:
    """Return what was handed over, and how, in order."""
    with postgres.connected(url) as connection:
        rows = connection.execute("SELECT logicalrelid::text, place FROM pg_dist_partition ORDER BY number").fetchall()
    return dict(rows)


def test_every_table_is_handed_over_by_its_distribution(cluster: URL, postgres: PostgresServer) -> None:
    done = upgrade(cluster, distributed=True)
    handed = asked(postgres, cluster)
    assert done == Upgraded(None, schema.HEAD, tuple(handed))
    assert handed.keys() == METADATA.tables.keys()
    for name, place in handed.items():
        distribution = METADATA.tables[name].info["distribution"]
        assert place.split(" ")[0] == ("everywhere" if distribution == REFERENCE else distribution)
    assert handed["fee_notes"] == "contract beside referrals"
    assert list(check(cluster)) == []


def test_a_database_that_is_full_is_handed_over_once(cluster: URL, postgres: PostgresServer) -> None:
    with SqlStore(cluster, PROGRAMME, secret=KEY) as store:
        list(FeedRunner(PROGRAMME, store).run(feed(3, 3, "demo")))
    assert upgrade(cluster).distributed == ()
    assert asked(postgres, cluster) == {}
    assert set(upgrade(cluster, distributed=True).distributed) == METADATA.tables.keys()
    assert upgrade(cluster, distributed=True).distributed == ()
    with SqlStore(cluster, PROGRAMME, secret=KEY) as store:
        assert FeedRunner(PROGRAMME, store).summary()["accounts"]


def test_an_upgrade_goes_on_handing_over(cluster: URL, postgres: PostgresServer) -> None:
    """As after a migration that makes a table."""
    upgrade(cluster, distributed=True)
    with postgres.connected(cluster) as connection:
        connection.execute("DELETE FROM pg_dist_partition WHERE logicalrelid::text IN ('sharings', 'settings')")
    assert upgrade(cluster).distributed == ("settings", "sharings")


@pytest.mark.parametrize(
    "broken",
    [
        "ALTER TABLE sharings DROP CONSTRAINT sharings_pk, ADD CONSTRAINT sharings_pk PRIMARY KEY (id)",
        "CREATE UNIQUE INDEX one_key ON grants (key)",
        "ALTER TABLE promo_codes ADD CONSTRAINT other EXCLUDE USING gist (text WITH =)",
        "ALTER TABLE promo_codes ADD CONSTRAINT other EXCLUDE USING gist (account WITH <>)",
        "ALTER TABLE sharings RENAME account TO other",
        "ALTER TABLE cases ADD FOREIGN KEY (id) REFERENCES contracts",
    ],
)
def test_what_citus_refuses_is_told_and_nothing_is_half_done(
    cluster: URL, postgres: PostgresServer, broken: str
) -> None:
    """And so what stands in for Citus does refuse."""
    upgrade(cluster)
    with postgres.connected(cluster) as connection:
        connection.execute(broken.encode())
    with pytest.raises(StoreFailed, match=r"RaiseException\.$|lacks a table or a column"):
        upgrade(cluster, distributed=True)
    assert asked(postgres, cluster) == {}


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_without_citus_nothing_happens(request: pytest.FixtureRequest, dialect: str, tmp_path: Path) -> None:
    url = URL.create("sqlite", database=str(tmp_path / "x.db")) if dialect == "sqlite" else None
    target = url or request.getfixturevalue("plain")
    with pytest.raises(StoreFailed, match=r"by the extension `citus` of PostgreSQL only"):
        upgrade(target, distributed=True)
    assert upgrade(target) == Upgraded(None, schema.HEAD)


# ── statements ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def statements(postgres: PostgresServer) -> frozenset[str]:
    """Return every statement that a year of feed and an example make in PostgreSQL."""
    with postgres.database() as url, SqlStore(url, PROGRAMME, secret=KEY) as store:
        with noting(store) as noted:
            list(FeedRunner(PROGRAMME, store).run(feed(30, 5, "demo")))
            runner = FeedRunner(PROGRAMME, store)
            list(runner.run((PAGE.parents[2] / "examples" / "a123" / "edges.jsonl").read_bytes().splitlines()))
            runner.summary()
            ReferralDesk(PROGRAMME, store).session(actor=Actor.system("portal"), now=NOW).codes.check("A123")
        seen = {" ".join(statement.split()) for statement, *_ in noted}
    asked = {each for each in seen if re.match("SELECT .* FROM [a-z_]+|UPDATE|DELETE", each)}
    return frozenset(each for each in asked if "pg_advisory_xact_lock" not in each)


def target(statement: str) -> str:
    found = re.search(r"(?:UPDATE|FROM) ([a-z_]+)", statement)
    assert found is not None
    return found[1]


def distribution(table: str) -> str:
    return str(METADATA.tables[table].info["distribution"])


def test_no_statement_joins_tables_that_lie_apart(statements: frozenset[str]) -> None:
    """What is looked up by itself, in brackets, is joined to nothing."""
    joined = {name for each in statements for name in re.findall(r"(?:JOIN|FROM [a-z_]+,) ([a-z_]+)", each)}
    apart = {name for name in joined & METADATA.tables.keys() if distribution(name) != REFERENCE}
    assert apart == set()
    assert any(each.count(" JOIN (SELECT ") == 3 for each in statements)


def test_no_statement_moves_a_row_to_another_place(statements: frozenset[str]) -> None:
    changes = [each for each in statements if each.startswith("UPDATE")]
    assert {target(each) for each in changes} >= {"contracts", "promo_codes", "referrals", "grants", "cases"}
    assert [each for each in changes if re.search(rf"(SET|,) {distribution(target(each))}=", each)] == []


def test_what_is_asked_of_every_place_is_on_the_page(statements: frozenset[str]) -> None:
    """All else names the place of its rows."""
    everywhere = {
        target(each)
        for each in statements
        if distribution(target(each)) != REFERENCE
        and not re.search(rf"{target(each)}\.{distribution(target(each))} = %", each)
    }
    told = re.findall(r"^\| `([a-z_]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert everywhere <= set(told)
    assert {"contracts", "promo_codes", "referrals", "grants"} <= everywhere
    assert set(told) <= METADATA.tables.keys()


def test_a_worker_s_error_still_has_the_rule_s_reason(postgres: PostgresServer, migrated: URL) -> None:
    """Citus passes on what a shard says, with the shard's number behind every name."""
    with postgres.connected(migrated) as connection, pytest.raises(psycopg.errors.ExclusionViolation) as raised:
        connection.execute(
            "DO $$ BEGIN RAISE EXCEPTION 'conflicting key value violates exclusion constraint"
            " \"promo_codes_no_overlap_102046\"' USING ERRCODE = 'exclusion_violation'; END $$"
        )
    told = translated(DBAPIError("", None, raised.value))
    assert isinstance(told, Refusal)
    assert told.reasons == (Reason.CODE_OVERLAP,)
