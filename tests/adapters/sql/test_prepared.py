"""Statements prepared once: what the driver is given, and what is made of what it read."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Dialect, bindparam, insert, make_url, select, text, update

from referral_adapters.sql import SqlStore
from referral_adapters.sql.prepared import Prepared, prepared
from referral_adapters.sql.tables import LOTS

NOON = datetime(2021, 3, 1, 12, tzinfo=UTC)
LOT = {
    "account": "A1",
    "grant_key": "referee/K1",
    "effective_from": NOON,
    "unused": Decimal("7.50"),
    "recorded_at": NOON,
}
DIALECTS = [pytest.param(make_url(url).get_dialect()(), id=url[:-3]) for url in ("postgresql://", "sqlite://")]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_values_are_what_the_type_keeps_in_this_database(dialect: Dialect) -> None:
    values = Prepared(insert(LOTS), dialect, LOT).values(LOT)
    if dialect.name == "sqlite":
        ticks = int(NOON.timestamp()) * 10**6
        assert values == ["A1", "referee/K1", ticks, 750, ticks]
    else:
        assert values == LOT


@pytest.mark.parametrize("dialect", DIALECTS)
def test_only_the_columns_given_are_changed(dialect: Dialect) -> None:
    change = update(LOTS).where(LOTS.c.account == bindparam("of"))
    one, two = prepared(change, dialect, ("of", "unused")), prepared(change, dialect, ("of", "grant_key", "unused"))
    assert "grant_key" not in one.text
    assert "grant_key" in two.text


def test_a_statement_is_prepared_once_for_the_same_names() -> None:
    dialect = make_url("sqlite://").get_dialect()()
    asked = select(LOTS)
    assert prepared(asked, dialect, ("of",)) is prepared(asked, dialect, ("of",))
    assert prepared(asked, dialect, ()) is not prepared(asked, dialect, ("of",))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_value_that_stands_in_the_statement_is_given_too(dialect: Dialect) -> None:
    values = Prepared(select(LOTS).limit(3), dialect, ()).values({})
    assert 3 in (values.values() if isinstance(values, dict) else values)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_list_of_values_is_no_statement_to_be_kept(dialect: Dialect) -> None:
    with pytest.raises(TypeError, match="write it as conditions"):
        Prepared(select(LOTS).where(LOTS.c.account.in_(["A1", "A2"])), dialect, ())


def test_rows_have_their_columns_by_name_and_in_the_types_of_the_table(store: SqlStore) -> None:
    store._work.change(insert(LOTS), LOT)
    row = store._work.row(select(LOTS, LOTS.c.unused.label("left")))
    assert row is not None
    assert (row.account, row.grant_key, row.effective_from, row.unused, row.recorded_at) == (*LOT.values(),)
    assert row.left == Decimal("7.50")
    assert str(row.unused) == "7.50"
    assert row.effective_from.tzinfo is UTC


def test_sql_written_by_hand_is_read_as_the_driver_has_it(store: SqlStore) -> None:
    row = store._work.row(text("SELECT 1 AS one, 'a' AS word"))
    assert row is not None
    assert (row.one, row.word) == (1, "a")


def test_many_rows_are_changed_at_once(store: SqlStore) -> None:
    rows = [{**LOT, "grant_key": f"referee/K{number}"} for number in range(3)]
    assert store._work.change(insert(LOTS), rows) == 3
    found = store._work.rows(select(LOTS).order_by(LOTS.c.grant_key))
    assert [row.grant_key for row in found] == [row["grant_key"] for row in rows]
    assert store._work.row(select(LOTS).where(LOTS.c.grant_key == "referee/K9")) is None
