"""The programme that a database belongs to: kept in it, taken once, and never changed by a question."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

import attrs
import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from referral_adapters.conformance.samples import day
from referral_adapters.conformance.samples import grant as a_grant
from referral_adapters.sql import SqlStore, schema, upgrade
from referral_core import KeyReused, Money, Programme, ReferralDesk, Refusal
from referral_core.programme.settings import GroupSetting
from referral_core.values.name import digest_key
from tests.phrases import refused

OURS: Final = Programme.default()
SWEDISH: Final = attrs.evolve(OURS, currency="SEK", zone="Europe/Stockholm")
pytestmark = pytest.mark.rule("P5")


def kept(url: URL) -> dict[str, str]:
    """Return what a database keeps about itself, but for its secret."""
    with SqlStore(url) as store:
        rows = store._connections.get().execute(text("SELECT name, value FROM settings WHERE name <> 'secret'"))
        return {row.name: row.value for row in rows}


def forget(url: URL, *names: str) -> None:
    """Take away what a database keeps, as one of an earlier version does not have it."""
    by_hand(url, *(f"DELETE FROM settings WHERE name = '{name}'" for name in names))


def by_hand(url: URL, *statements: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_a_database_keeps_whose_it_is(database: URL) -> None:
    with SqlStore(database, SWEDISH):
        pass
    assert kept(database) == {"currency": "SEK", "zone": "Europe/Stockholm"}
    for opened in (SqlStore, SqlStore.existing):
        with refused("zone-mismatch", "currency-mismatch", naming="belongs to a programme of Europe/Stockholm and SEK"):
            opened(database, OURS)
    with SqlStore(database) as store, refused("zone-mismatch", "currency-mismatch"):
        ReferralDesk(OURS, store)
    with SqlStore(database, SWEDISH) as store, refused("zone-mismatch", "currency-mismatch"):
        ReferralDesk(OURS, store)
    assert kept(database) == {"currency": "SEK", "zone": "Europe/Stockholm"}


def test_a_question_is_refused_too(database: URL) -> None:
    with SqlStore(database, SWEDISH):
        pass
    with refused("zone-mismatch", "currency-mismatch"):
        SqlStore.existing(database, OURS, read_only=True)
    with SqlStore.existing(database, read_only=True) as store, refused("currency-mismatch"):
        ReferralDesk(attrs.evolve(SWEDISH, currency="EUR"), store)


def test_a_transaction_of_the_hosts_is_refused_too(database: URL) -> None:
    with SqlStore(database, SWEDISH) as store, refused("zone-mismatch", "currency-mismatch"):
        SqlStore.on(store._connections.get(), OURS)


def test_a_refused_file_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    with SqlStore(f"sqlite:///{path}", SWEDISH):
        pass
    before = path.read_bytes()
    for opened in (SqlStore, SqlStore.existing):
        with refused("zone-mismatch", "currency-mismatch"):
            opened(f"sqlite:///{path}", OURS)
    assert path.read_bytes() == before


def test_a_database_without_a_zone_takes_the_first_that_it_is_opened_with_to_be_changed(database: URL) -> None:
    with SqlStore(database, SWEDISH) as store:
        groups = store.groups.all()
    forget(database, "zone")
    berlin = attrs.evolve(SWEDISH, zone="Europe/Berlin", groups=(*OURS.groups, GroupSetting("fair", *_SIDE)))
    with refused("currency-mismatch"):
        SqlStore(database, attrs.evolve(berlin, currency="EUR"))
    assert kept(database) == {"currency": "SEK"}
    for programme in (berlin, SWEDISH):
        with SqlStore.existing(database, programme, read_only=True) as store:
            assert store.billing.balance("A").unused == Money.zero("SEK")
    assert kept(database) == {"currency": "SEK"}
    with SqlStore.existing(database, berlin) as store:
        assert store.groups.all() == groups
    assert kept(database) == {"currency": "SEK", "zone": "Europe/Berlin"}
    with refused("zone-mismatch"):
        SqlStore(database, SWEDISH)


_SIDE: Final = (OURS.groups[1].side, "fair")


def test_of_two_programmes_at_once_one_gets_the_database(database: URL) -> None:
    programmes = [attrs.evolve(OURS, currency=currency) for currency in ("EUR", "SEK")] * 4
    start, won, lost = threading.Barrier(len(programmes)), list[str](), list[str]()

    def open_with(programme: Programme) -> None:
        start.wait()
        try:
            with SqlStore(database, programme) as store:
                won.append(store.billing.balance("A").unused.currency)
        except Refusal as refusal:
            lost.append(f"{programme.currency} {' '.join(refusal.reasons)}")

    threads = [threading.Thread(target=open_with, args=[each]) for each in programmes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (owner,) = set(won)
    (other,) = {"EUR", "SEK"} - {owner}
    assert (len(won), lost) == (4, [f"{other} currency-mismatch"] * 4)
    assert kept(database)["currency"] == owner
    with SqlStore(database) as store:
        assert store.groups.all() == OURS.initial_groups()


def test_what_the_billing_of_a_database_has_is_not_taken_for_another_currency(database: URL) -> None:
    """Ten euros are never shown as crowns, and no bill in crowns takes them."""
    with SqlStore(database, OURS) as store:
        store.billing.grant(a_grant("K1", "10"))
    with refused("currency-mismatch"):
        SqlStore(database, attrs.evolve(OURS, currency="SEK"))
    with SqlStore(database, OURS) as store:
        with refused("currency-mismatch"):
            store.billing.bill("B1", "A1", Money("5", "SEK"), at=day(9))
        assert store.billing.balance("A1").unused == Money("10")


# ── databases of earlier versions ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def earlier(blank: URL) -> URL:
    """Return a database as an earlier version left it: transfers are known by key, and the currency as programme."""
    url, engine = blank, create_engine(blank, poolclass=NullPool)
    with engine.begin() as connection:
        command.upgrade(schema.configuration(connection), "0012")
    engine.dispose()
    movements = "INSERT INTO discount_movements (account, kind, reference, amount, moved_at) VALUES"
    cents, at = (100, day(1).timestamp() * 1_000_000) if url.get_backend_name() == "sqlite" else (1, f"'{day(1)}'")
    moved = (
        ("A1", "granted", "referee/K-A1", 10), ("A3", "granted", "referee/K-A3", 10),
        ("A1", "transferred_out", "T1", 4), ("A2", "transferred_in", "T1", 4),
        ("A3", "transferred_out", "T2", 10), ("A2", "transferred_in", "T2", 10),
    )  # fmt: skip
    lots = (("A1", 1, 6), ("A2", 1, 4), ("A2", 2, 10))
    by_hand(
        url,
        *(f"{movements} ('{of}', '{kind}', '{what}', {much * cents}, {at})" for of, kind, what, much in moved),
        *(f"INSERT INTO posted_grants (key) VALUES ('referee/K-{account}')" for account in ("A1", "A3")),
        *(f"INSERT INTO transfers (key, moved) VALUES ('{key}', {much * cents})" for key, much in MOVED.items()),
        *(
            "INSERT INTO discount_lots (account, number, effective_from, unused)"
            f" VALUES ('{account}', {number}, {at}, {much * cents})"
            for account, number, much in lots
        ),
        "INSERT INTO settings (name, value) VALUES ('programme', 'SEK')",
    )
    upgrade(url)
    return url


MOVED: Final = {"T1": 4, "T2": 10, "T3": 0}
"""What was moved under each key."""


def test_an_earlier_database_keeps_its_currency(earlier: URL) -> None:
    assert kept(earlier) == {"currency": "SEK"}
    with refused("currency-mismatch"):
        SqlStore(earlier, OURS)
    with SqlStore(earlier, SWEDISH):
        assert kept(earlier) == {"currency": "SEK", "zone": "Europe/Stockholm"}


@pytest.mark.rule("B2", "B7")
def test_the_keys_of_an_earlier_database_stand_for_their_transfers(earlier: URL) -> None:
    with SqlStore(earlier, SWEDISH) as store:
        for amount in ("4", None):  # which of both was asked for is not known
            wanted = None if amount is None else Money(amount, "SEK")
            assert store.billing.transfer("A1", "A2", wanted, at=day(2), key=digest_key("T1")) == Money("4", "SEK")
        assert store.billing.transfer("A3", "A2", None, at=day(2), key=digest_key("T2")) == Money("10", "SEK")
        assert store.billing.transfer("A4", "A2", None, at=day(2), key=digest_key("T3")) == Money("0", "SEK")
        for source, target, amount in (("A1", "A3", "4"), ("A2", "A1", None), ("A1", "A2", "3")):
            wanted = None if amount is None else Money(amount, "SEK")
            with pytest.raises(KeyReused):
                store.billing.transfer(source, target, wanted, at=day(2), key=digest_key("T1"))
        assert store.billing.balance("A2").transferred_in == Money("14", "SEK")
