"""Growing past one machine: what is handed to Citus, in which order, and what every statement asks of it.

Citus itself is not here. What stands in for it is written below: two functions that record what they are asked for,
and refuse a table as Citus does, reading PostgreSQL's own catalogue.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import Executable, Select, bindparam, exists, func, insert, select, true, update
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from examples.year import feed
from referral_adapters.cli.store import secret_of
from referral_adapters.feed import FeedRunner
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore, StoreFailed, Upgraded, check, schema, upgrade
from referral_adapters.sql.errors import translated
from referral_adapters.sql.statements import RowSet
from referral_adapters.sql.tables import (
    AMOUNT_PERIODS,
    CODE_TEXTS,
    CONTRACTS,
    GRANTS,
    GROUPS,
    LIVE_REFERRALS,
    LOTS,
    METADATA,
    PROMO_CODE_HISTORY,
    PROMO_CODES,
    REFERENCE,
    REFERRALS,
)
from referral_core import Actor, Money, Programme, ReferralDesk, Refusal
from referral_core.session import Session
from referral_core.values.errors import Reason
from tests.adapters.postgres_server import PostgresServer
from tests.adapters.sql.placing import APART, BY_SUBQUERY, CORRELATED, LOCKED, MOVED, Placing, placing

PAGE: Final = Path(__file__).parents[3] / "docs" / "explanation" / "growing.md"
PROGRAMME: Final = Programme.default()
KEY: Final = secret_of("demo")
EDGES: Final = (PAGE.parents[2] / "examples" / "a123" / "edges.jsonl").read_bytes().splitlines()
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
        "CREATE UNIQUE INDEX one_key ON grants (key, side)",
        "ALTER TABLE promo_codes ADD CONSTRAINT other EXCLUDE USING gist (text WITH =)",
        "ALTER TABLE promo_codes ADD CONSTRAINT other EXCLUDE USING gist (account WITH <>)",
        "ALTER TABLE sharings RENAME account TO other",
        "ALTER TABLE cases ADD FOREIGN KEY (id) REFERENCES contract_accounts",
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


def alone(key: str = "of") -> Select[Any]:
    return select(PROMO_CODES).where(PROMO_CODES.c.account == bindparam(key))


GIVEN: Final = RowSet(LOTS.c.account, LOTS.c.unused).source("postgresql")
OTHERS: Final = LOTS.alias("others")
REFUSED: Final = {
    # what a real cluster said no to
    "correlated with a function": (
        select(GIVEN.c.account, select(func.max(OTHERS.c.unused)).where(OTHERS.c.account == GIVEN.c.account)
               .scalar_subquery()),
        CORRELATED,
    ),
    "lateral to a function": (
        select(select(OTHERS).where(OTHERS.c.account == GIVEN.c.account).correlate(GIVEN).lateral("found")).select_from(
            GIVEN.join(select(OTHERS).where(OTHERS.c.account == GIVEN.c.account).correlate(GIVEN).lateral("f"), true())
        ),
        CORRELATED,
    ),
    "a queue by row locks": (
        select(GRANTS).order_by(GRANTS.c.key).limit(9).with_for_update(skip_locked=True), LOCKED
    ),
    "a shared lock of all": (select(PROMO_CODES).with_for_update(read=True), LOCKED),
    "a join of what lies apart": (
        select(CONTRACTS.c.id).join(CODE_TEXTS, CODE_TEXTS.c.account == CONTRACTS.c.account), APART
    ),
    "an outer join of what lies apart": (
        select(REFERRALS.c.contract).outerjoin(LIVE_REFERRALS, LIVE_REFERRALS.c.contract == REFERRALS.c.contract), APART
    ),
    "what is not in another table": (
        select(CONTRACTS.c.id).where(~exists().where(CODE_TEXTS.c.account == CONTRACTS.c.account)), BY_SUBQUERY
    ),
    "a place that a subquery tells": (
        select(PROMO_CODES).where(
            PROMO_CODES.c.account
            == select(CODE_TEXTS.c.account).where(CODE_TEXTS.c.text == bindparam("of")).scalar_subquery()
        ),
        BY_SUBQUERY,
    ),
    "a row that moves": (update(PROMO_CODES).where(PROMO_CODES.c.account == "A").values(account="B"), MOVED),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_cluster_refuses_is_seen_in_the_statement(name: str) -> None:
    statement, why = REFUSED[name]
    assert why in placing(statement).refused


@pytest.mark.parametrize(
    "statement",
    [
        alone(),
        alone().with_for_update(),
        alone().join(PROMO_CODE_HISTORY, PROMO_CODE_HISTORY.c.account == PROMO_CODES.c.account),
        alone().where(exists().where(CONTRACTS.c.account == PROMO_CODES.c.account)),
        alone().where(exists().where(CONTRACTS.c.account == bindparam("of"))),
        select(GROUPS).join(AMOUNT_PERIODS, AMOUNT_PERIODS.c.group_id == GROUPS.c.id),
        update(PROMO_CODES).where(PROMO_CODES.c.account == bindparam("of")).values(place=1),
        insert(PROMO_CODES),
    ],
)
def test_what_names_one_place_is_let_through(statement: Executable) -> None:
    assert placing(statement) == Placing()


def test_what_names_no_place_is_asked_everywhere() -> None:
    assert placing(select(GRANTS).order_by(GRANTS.c.key)) == Placing(everywhere=frozenset({"grants"}))
    assert placing(select(CONTRACTS).where(CONTRACTS.c.id == bindparam("of"))).everywhere == {"contracts"}


@contextmanager
def overheard(store: SqlStore) -> Iterator[dict[Executable, None]]:
    """Yield the statements that a store makes of its database, as they are before they are texts."""
    line, said = store._work._executor, dict[Executable, None]()
    plain, kept = line.prepared, line.kept

    def prepared(statement: Executable, given: Any) -> Any:  # noqa: ANN401 - as the line has it
        said[statement] = None
        return plain(statement, given)

    def found(statement: Executable, given: Any) -> Any:  # noqa: ANN401
        said[statement] = None
        return kept(statement, given)

    line.prepared, line.kept = prepared, found  # type: ignore[method-assign]
    try:
        yield said
    finally:
        del line.prepared, line.kept


@pytest.fixture(scope="module")
def told(postgres: PostgresServer) -> tuple[dict[str, Any], dict[Executable, None]]:
    """Return what a store on a cluster answers about a year and an example, and the statements it makes for that."""
    with postgres.database() as url:
        with postgres.connected(url) as connection:
            connection.execute(CITUS.encode())
        upgrade(url, distributed=True)
        with SqlStore(url, PROGRAMME, secret=KEY) as store, overheard(store) as said:
            assert store._work.is_distributed
            runner = FeedRunner(PROGRAMME, store)
            list(runner.run(feed(30, 5, "demo")))
            list(runner.run(EDGES))
            return json.loads(json.dumps(runner.summary())), said


def test_a_cluster_answers_as_memory_does(told: tuple[dict[str, Any], dict[Executable, None]]) -> None:
    runner = FeedRunner(PROGRAMME, MemoryStore(PROGRAMME, secret=KEY))
    list(runner.run(feed(30, 5, "demo")))
    list(runner.run(EDGES))
    assert told[0] == json.loads(json.dumps(runner.summary()))


def test_nothing_is_asked_that_a_cluster_refuses(told: tuple[dict[str, Any], dict[Executable, None]]) -> None:
    assert {str(each): placing(each).refused for each in told[1] if placing(each).refused} == {}


def test_what_is_asked_of_every_place_is_on_the_page(told: tuple[dict[str, Any], dict[Executable, None]]) -> None:
    everywhere = {table for each in told[1] for table in placing(each).everywhere}
    listed = re.findall(r"^\| `([a-z_]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert everywhere <= set(listed)
    assert set(listed) <= METADATA.tables.keys()


def test_an_act_asks_only_where_the_rows_of_its_keys_lie(cluster: URL) -> None:
    """Checking, concluding, attaching, activating, billing, moving, sharing and showing."""
    upgrade(cluster, distributed=True)
    with SqlStore(cluster, PROGRAMME, secret=KEY) as store:
        desk = ReferralDesk(PROGRAMME, store)

        def at(day: int) -> Session:
            return desk.session(actor=Actor.system("portal"), now=NOW + timedelta(days=day))

        for group, amount in (("referrer", "10"), ("referee-self-service", "7")):
            at(0).groups.set_amount(group, Money(amount))
        with overheard(store) as said:
            at(1).sign_ups.conclude("K-1", account="A", customer="Ann")
            at(2).contracts.activate("K-1")
            code = store.promo_codes.of_account("A")[0].text
            assert at(3).codes.check(code, customer="Bob").usable
            at(3).sign_ups.conclude("K-2", account="B", customer="Bob", code=code)
            at(3).sign_ups.conclude("K-3", account="C", customer="Cid")
            at(4).sign_ups.attach("K-3", code=code, group="referee-self-service")
            with pytest.raises(Refusal, match="already-referred"):
                at(4).sign_ups.conclude("K-4", account="B", customer="Bob", code=code)
            for contract in ("K-2", "K-3"):
                at(5).contracts.activate(contract)
            at(6).discounts.bill("B-1", account="A", amount=Money("4"))
            at(6).sharing.share(code, means="sms")
            at(7).contracts.terminate("K-1")
            at(8).sign_ups.conclude("K-5", account="A2", customer="Ann")
            at(9).contracts.activate("K-5")
            at(9).discounts.transfer("A", "A2", key="T-1")
            at(10).accounts.show("A")
            at(10).accounts.activity("A")
            at(10).accounts.referrals("A")
        assert {str(each): placing(each) for each in said if placing(each) != Placing()} == {}


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
