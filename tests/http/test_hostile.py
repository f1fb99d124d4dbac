"""Hostile requests by the hundred: no defect, nothing of another's, and nothing stored of what is refused.

``REFERRAL_HOSTILE`` says how many; ``REFERRAL_HOSTILE_SEED`` tells others.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy.engine import URL

from referral_adapters.sql import SqlStore
from referral_adapters.sql.tables import METADATA
from referral_core import Programme
from tests.adapters.conftest import GUARDED
from tests.adapters.postgres_server import PostgresServer
from tests.http.document import PROBLEM, Document
from tests.http.door import Door, HttpAnswer, RawRequest
from tests.http.hostile import Hostile
from tests.http.ledger import Ledger, PostgresLedger, SqliteLedger
from tests.http.world import SECRET, build

REQUESTS: Final = int(os.environ.get("REFERRAL_HOSTILE", "300"))
SEED: Final = int(os.environ.get("REFERRAL_HOSTILE_SEED", "1"))
IN_ONE_WORLD: Final = 1_000
OWN: Final = {"C-1": {"C-1", "A", "K-1"}, "C-6": {"C-6", "G", "G2", "K-7", "K-10"}}
ALL: Final = {
    *("C-1", "C-3", "C-4", "C-5", "C-6", "C-66", "C-8", "C-9", "A", "D", "E", "F", "G", "G2", "H", "I", "J"),
    *(f"K-{number}" for number in (1, 3, 4, 5, 6, 7, 8, 9, 10)),
}


Opened = Callable[[], AbstractContextManager[tuple[Door, Ledger]]]
"""Opens a door to a small world of its own, and a ledger of it."""


@pytest.fixture(params=["sqlite", "postgres"])
def opened(request: pytest.FixtureRequest, portal: BlockingPortal, tmp_path: Path) -> Opened:
    """Return what opens a door to a new world in each engine."""
    made: Opened = partial(_in_sqlite, portal, request.getfixturevalue("sqlite_world"), tmp_path / "referral.db")
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        made = partial(_in_postgres, portal, server, request.getfixturevalue("migrated"))
    return made


@contextmanager
def _in_sqlite(portal: BlockingPortal, world: Path, path: Path) -> Iterator[tuple[Door, Ledger]]:
    shutil.copy(world, path)
    with SqlStore(URL.create("sqlite", database=str(path)), Programme.default(), secret=SECRET) as store:
        door = Door(portal, store)
        settle(door)
        with closing(SqliteLedger(path)) as ledger:
            yield door, ledger
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


@contextmanager
def _in_postgres(portal: BlockingPortal, server: PostgresServer, url: URL) -> Iterator[tuple[Door, Ledger]]:
    try:
        with SqlStore(url, Programme.default(), secret=SECRET) as store:
            build(store)
            door = Door(portal, store)
            settle(door)
            with closing(PostgresLedger(server.connected(url))) as ledger:
                yield door, ledger
    finally:
        server.empty(url, [table.name for table in reversed(METADATA.sorted_tables)], GUARDED)


def settle(door: Door) -> None:
    """Pay what is due, so that nothing is: a bill sends it first, whatever becomes of the bill."""
    assert door.ask("POST", "/payouts").status == 200


@pytest.mark.rule("A1", "B2")
def test_no_hostile_request_does_harm(opened: Opened) -> None:
    for first in range(0, REQUESTS, IN_ONE_WORLD):
        with opened() as (door, ledger):
            hostile = Hostile(Document(door.document()), SEED * 1_000_003 + first)
            for number in range(first, min(first + IN_ONE_WORLD, REQUESTS)):
                request, by = hostile.request()
                told = door.send(request)
                shown = f"{number}: {request!r:.2000} by {by!r}: {told!r:.2000}"
                assert told.status < 500, shown
                assert harmless(request, by, told), shown
                if ledger.has_changed():
                    assert told.status < 300, shown
                    settle(door)
                    ledger.has_changed()


def harmless(request: RawRequest, by: str, told: HttpAnswer) -> bool:
    """Tell whether an answer is in the form it should have, and tells nobody of others."""
    if not told.body:
        return told.status == 304 or request.method.upper() in {"HEAD", "OPTIONS"}
    if told.status >= 400:
        return told.headers["content-type"] == PROBLEM and told.json()["status"] == told.status
    return not any(f'"{id_}"' in told.body.decode() for id_ in hidden_from(by))


def hidden_from(by: str) -> set[str]:
    """Return the ids that a caller must not be told: all, of a stranger; all but their own, of a customer."""
    role, _, subject = by.partition(":")
    if not role:
        return ALL
    return ALL - OWN.get(subject, set()) if role == "customer" else set()
