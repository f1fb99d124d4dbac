"""What the store in a database does besides: its beginnings, its secret, its histories, hosts' connections."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from threading import Thread

import attrs
import pytest
from sqlalchemy import Engine, create_engine, event, select, text
from sqlalchemy.engine import URL

from referral_adapters.conformance.samples import case, code, contract, day, grant, group, note, referral
from referral_adapters.conformance.store import Slip, everything, failing, furnish, rearrange
from referral_adapters.folding import AnyAsciiFolding
from referral_adapters.memory import ContinuousDiscounts
from referral_adapters.sql import SqlStore, StoreFailed
from referral_adapters.sql.tables import GROUP_HISTORY, PROMO_CODE_HISTORY, PROMO_CODES, REFERRAL_HISTORY, REFERRALS
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.promo_code import Ending
from referral_core.values.errors import Reason
from referral_core.values.money import Money
from tests.phrases import refused


@attrs.frozen
class Beginnings:
    """A programme as far as a store looks at it."""

    currency: str = "SEK"
    zone: str = "Europe/Stockholm"
    names: tuple[str, ...] = ("referrer", "friends")

    def initial_groups(self) -> tuple[DiscountGroup, ...]:
        return tuple(map(group, self.names))


@pytest.mark.rule("D2")
def test_a_database_starts_with_the_groups_of_its_programme_once(database: URL) -> None:
    with SqlStore(database, Beginnings()) as store:
        store.groups.put(group("friends", called="Sõbrad"), at=day(0))
    with SqlStore(database, Beginnings(names=("other",))) as store:
        assert [each.name for each in store.groups.all()] == ["referrer", "Sõbrad"]
        assert store.billing.balance("A1").unused == Money.zero("SEK")


@pytest.mark.rule("C10")
def test_a_database_keeps_a_secret_of_its_own(database: URL) -> None:
    with SqlStore(database) as store, SqlStore(database) as other:
        assert store.code_key == other.code_key
        assert len(store.code_key) == 32
    with SqlStore(database, secret=b"s" * 16) as store:
        assert store.code_key == b"s" * 16
    with pytest.raises(ValueError, match="at least 16"):
        SqlStore(database, secret=b"short")


def test_a_store_takes_another_folding_and_billing(database: URL) -> None:
    folding, billing = AnyAsciiFolding(), ContinuousDiscounts()
    with SqlStore(database, folding=folding, billing=billing) as store:
        assert (store.to_ascii, store.billing) == (folding, billing)
    with SqlStore(database) as store:
        assert store.to_ascii("Õnne") == "Onne"


def test_what_was_stored_is_there_after_closing(database: URL) -> None:
    with SqlStore(database) as store:
        furnish(store)
        rearrange(store)
        before = everything(store)
    with SqlStore(database) as store:
        assert everything(store) == before


def test_connections_of_threads_that_ended_are_used_again(database: URL) -> None:
    with SqlStore(database) as store:
        for number in range(20):
            thread = Thread(target=store.cases.open, args=(case(f"S{number}"),))
            thread.start()
            thread.join()
        assert len(list(store.cases.all())) == 20
        assert len(store._connections._held) == 2  # type: ignore[attr-defined]


def test_what_cannot_be_stored_is_refused(store: SqlStore) -> None:
    with refused(Reason.CONTRACT_UNKNOWN):
        store.contracts.put(contract().activated(day(1)))
    assert list(store.contracts.accounts()) == []
    store.contracts.put(contract())
    with refused(Reason.CONTRACT_EXISTS):
        store.contracts.put(contract(on="A9"))
    assert list(store.contracts.accounts()) == [("A1", "C1")]
    with refused(Reason.CODE_UNKNOWN):
        store.promo_codes.replace(code(), at=day(0))
    with refused(Reason.REFERRAL_UNKNOWN):
        store.referrals.replace(referral(), at=day(0))
    with refused(Reason.CASE_UNKNOWN):
        store.cases.close(case().abandoned(day(1)))
    assert store.grants.change([(grant(), grant().taken(day(1)))]) == ()
    with refused(Reason.CURRENCY_MISMATCH):
        store.billing.bill("B1", "A1", Money("1", "SEK"), at=day(0))


def test_a_refusal_leaves_nothing_of_what_came_before_it(store: SqlStore) -> None:
    with store.transaction():
        store.promo_codes.add(code("AAAA"), at=day(0))
        with refused(Reason.CODE_OVERLAP):
            store.promo_codes.add(code("BBBB"), at=day(0))
        store.referrals.add(referral("K1"), at=day(0))
        with refused(Reason.ALREADY_REFERRED):
            store.referrals.add(referral("K1", of="C9"), at=day(0))
        store.promo_codes.add(code("BBBB", on="A2"), at=day(0))
    assert store.referrals.live_of("C9") == ()


def test_states_are_kept_with_the_moment_they_were_recorded(store: SqlStore) -> None:
    store.groups.put(group(), at=day(1))
    store.groups.put(group(called="Friends"), at=day(2))
    store.referrals.add(referral(), at=day(3))
    store.referrals.replace(referral().cancelled(day(4)), at=day(4))
    store.promo_codes.add(code(), at=day(0))
    store.promo_codes.replace(code().ended(day(1), Ending.BY_HAND), at=day(0))
    work = store._work
    groups = [(row.recorded_at, row.state["name"]) for row in work.rows(select(GROUP_HISTORY))]
    assert groups == [(day(1), "referrer"), (day(2), "Friends")]
    before = [(row.recorded_at, row.state["status"]) for row in work.rows(select(REFERRAL_HISTORY))]
    present = [(row.recorded_at, row.status) for row in work.rows(select(REFERRALS))]
    assert (before, present) == ([(day(3), "recorded")], [(day(4), "cancelled")])
    codes = [(row.revision, row.state["ending"]) for row in work.rows(select(PROMO_CODE_HISTORY))]
    codes += [(row.revision, row.ending) for row in work.rows(select(PROMO_CODES))]
    assert codes == [(1, None), (2, "by-hand")]


def test_whoever_changes_a_code_that_somebody_else_is_changing_comes_after_them(database: URL) -> None:
    with SqlStore(database) as store, SqlStore(database) as other:
        store.promo_codes.add(code(), at=day(0))
        started = code().started(day(1))
        second = Thread(target=lambda: other.promo_codes.replace(started, at=day(0)), daemon=True)
        with store.transaction():
            (found,) = store.promo_codes.of_account("A1")
            second.start()
            second.join(0.3)
            assert second.is_alive()
            store.promo_codes.replace(found.ended(day(9), Ending.BY_HAND), at=day(0))
        second.join(60)
        ((*_, before, last),) = store.promo_codes.history("A1")
        assert (before.state.ends_at, last.state, last.revision) == (day(9), started, 3)


# ── a host's connection ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def engine(database: URL) -> Engine:
    engine = create_engine(database)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA foreign_keys=ON"))
    return engine


@pytest.mark.parametrize("kept", [True, False])
def test_a_hosts_transaction_is_the_hosts(database: URL, engine: Engine, kept: bool) -> None:
    with engine.connect() as connection:
        store = SqlStore.on(connection, Beginnings())
        furnish_after_groups(store)
        with failing(store):
            store.cases.open(case("S9"))
        with store.transaction():
            store.cases.open(case("S2"))
        (connection.commit if kept else connection.rollback)()
    engine.dispose()
    with SqlStore(database) as store:
        assert [each.id for each in store.cases.all()] == (["S1", "S2"] if kept else [])
        assert [each.id for each in store.groups.all()] == (["referrer", "friends"] if kept else [])


def furnish_after_groups(store: SqlStore) -> None:
    store.cases.open(case("S1"))
    store.contracts.put(contract())
    store.trace.append(note())


def test_a_hosts_own_statements_stand_or_fall_with_the_stores(database: URL, engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("UPDATE settings SET value = 'x'"))
        with pytest.raises(Slip), SqlStore.on(connection).transaction():
            raise Slip
        SqlStore.on(connection).promo_codes.times_shared("A1")
        connection.execute(text("INSERT INTO settings (name, value) VALUES ('host', 'was here')"))
        connection.rollback()
    engine.dispose()
    with SqlStore(database) as store:
        assert store._work.rows(text("SELECT 1 FROM settings")) == []


def test_moments_come_back_in_utc(tmp_path: Path) -> None:
    with SqlStore(f"sqlite:///{tmp_path / 'x.db'}", Beginnings()) as store:
        store.cases.open(case(opened=datetime.fromisoformat("1969-12-31T23:59:59.999999+05:45")))
        found = store.cases.find("S1")
        assert found is not None
        assert found.opened_at.isoformat() == "1969-12-31T18:14:59.999999+00:00"


@pytest.mark.parametrize("words", ["\ud800", "a\ud800b"])
def test_what_no_database_can_keep_is_said(store: SqlStore, words: str) -> None:
    with pytest.raises(StoreFailed, match="character"):
        store.requests.add_event("/feed", words, "digest")
    assert store.requests.add_event("/feed", "1", "digest")
