"""Hostile requests by the hundred: no defect, nothing of another's, and nothing stored of what is refused.

``REFERRAL_HOSTILE`` says how many; ``REFERRAL_HOSTILE_SEED`` tells others.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy.engine import URL

from referral_adapters.sql import SqlStore
from referral_core import Programme
from tests.http.document import PROBLEM, Document
from tests.http.door import Door, Knock, Told
from tests.http.hostile import Hostile
from tests.http.world import SECRET

REQUESTS: Final = int(os.environ.get("REFERRAL_HOSTILE", "300"))
SEED: Final = int(os.environ.get("REFERRAL_HOSTILE_SEED", "1"))
IN_ONE_WORLD: Final = 1_000
OWN: Final = {"C-1": {"C-1", "A", "K-1"}, "C-6": {"C-6", "G", "G2", "K-7", "K-10"}}
ALL: Final = {
    *("C-1", "C-3", "C-4", "C-5", "C-6", "C-66", "C-8", "C-9", "A", "D", "E", "F", "G", "G2", "H", "I", "J"),
    *(f"K-{number}" for number in (1, 3, 4, 5, 6, 7, 8, 9, 10)),
}


class Ledger:
    """All that a database holds, seen from outside."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._version = self._data_version()
        self._digest = self._dumped()

    def close(self) -> None:
        self._connection.close()

    def has_changed(self) -> bool:
        """Tell whether there is something else in it than when that was asked before."""
        version = self._data_version()
        if version == self._version:  # nobody has written since
            return False
        before, self._version, self._digest = self._digest, version, self._dumped()
        return self._digest != before

    def _data_version(self) -> int:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    def _dumped(self) -> bytes:
        return sha256("\n".join(self._connection.iterdump()).encode()).digest()


@contextmanager
def opened(portal: BlockingPortal, world: Path, path: Path) -> Iterator[tuple[Door, Ledger]]:
    """Open a door to a copy of the small world in which nothing is due any more."""
    shutil.copy(world, path)
    with SqlStore(URL.create("sqlite", database=str(path)), Programme.default(), secret=SECRET) as store:
        door = Door(portal, store)
        settle(door)
        with closing(Ledger(path)) as ledger:
            yield door, ledger


def settle(door: Door) -> None:
    """Pay what is due: a bill sends it first, whatever becomes of the bill."""
    assert door.ask("POST", "/payouts").status == 200


@pytest.mark.rule("A1", "B2")
def test_no_hostile_request_does_harm(portal: BlockingPortal, sqlite_world: Path, tmp_path: Path) -> None:
    for first in range(0, REQUESTS, IN_ONE_WORLD):
        with opened(portal, sqlite_world, tmp_path / f"{first}.db") as (door, ledger):
            hostile = Hostile(Document(door.document()), SEED * 1_000_003 + first)
            for number in range(first, min(first + IN_ONE_WORLD, REQUESTS)):
                knock, by = hostile.request()
                told = door.knock(knock)
                shown = f"{number}: {knock!r:.2000} by {by!r}: {told!r:.2000}"
                assert told.status < 500, shown
                assert harmless(knock, by, told), shown
                if ledger.has_changed():
                    assert told.status < 300, shown
                    settle(door)
                    ledger.has_changed()
        (tmp_path / f"{first}.db").unlink()


def harmless(knock: Knock, by: str, told: Told) -> bool:
    """Tell whether an answer is in the form it should have, and tells nobody of others."""
    if not told.body:
        return told.status == 304 or knock.method.upper() in {"HEAD", "OPTIONS"}
    if told.status >= 400:
        return told.headers["content-type"] == PROBLEM and told.json()["status"] == told.status
    return not any(f'"{id_}"' in told.body.decode() for id_ in hidden_from(by))


def hidden_from(by: str) -> set[str]:
    """Return the ids that a caller must not be told: all, of a stranger; all but their own, of a customer."""
    role, _, subject = by.partition(":")
    if not role:
        return ALL
    return ALL - OWN.get(subject, set()) if role == "customer" else set()
