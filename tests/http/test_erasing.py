"""After an erasure no door has left a byte of the customer's ids, names, or words about them (A5).

Every act that takes free words is asked for once, under a key that names the customer, with a reason that does; a feed
brings events whose ids do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import URL

from referral_adapters.http.webhooks.message import Message
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_core import Programme
from referral_core.session import ACTS
from tests.adapters.postgres_server import PostgresServer
from tests.adapters.test_erasing import memory_dump
from tests.http.door import Door, HttpAnswer
from tests.http.world import SECRET, build

pytestmark = pytest.mark.rule("A5")

CUSTOMER: Final = "customer-4711"
FIRST_NAME: Final = "Mihkel"
MARKS: Final = (CUSTOMER, FIRST_NAME, "Tamm", "maasikas")
"""The customer's id and first name, and two words that others wrote in words about them."""
WHY: Final = "Tamm likes maasikas"
NAMED: Final = f"as {CUSTOMER} said, Tamm likes maasikas"
"""Words about the customer, and words about others that name the customer."""

STORY: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("contract.concluded", {"contract": "M-1", "account": "MA", "customer": CUSTOMER, "first_name": FIRST_NAME,
                            "channel": "sales-portal", "code": f"{FIRST_NAME}!", "group": "referee-manual"}),
    ("code.attach", {"contract": "M-1", "code": "A123", "honour": {"moment": "2021-03-14T12:00:00Z"}}),
    ("referral.change-group", {"contract": "M-1", "group": "referee-self-service"}),
    ("referral.hold", {"contract": "M-1"}),
    ("referral.release", {"contract": "M-1"}),
    ("contract.activated", {"contract": "M-1"}),
    ("grant.retry", {"key": "referee/M-1"}),
    ("grant.pay", {}),
    ("code.issue", {"account": "MA", "code": "SUMMER21", "replace": True}),
    ("code.shared", {"code": "SUMMER21", "means": "link"}),
    ("contract.concluded", {"contract": "M-3", "account": "MF", "customer": "friend", "code": "SUMMER21",
                            "reason": NAMED}),
    ("termination-fee.note", {"contract": "M-1", "amount": "1"}),
    ("termination-fee.note", {"contract": "M-3", "amount": "1", "reason": NAMED}),
    ("referral.void", {"contract": "M-3", "reason": NAMED}),
    ("contract.concluded", {"contract": "M-2", "account": "MB", "customer": CUSTOMER, "first_name": FIRST_NAME}),
    ("contract.activated", {"contract": "M-2"}),
    ("contract.terminated", {"contract": "M-1"}),
    ("discount.transfer", {"from": "MA", "to": "MB", "amount": "2"}),
    ("contract.concluded", {"contract": "M-4", "account": "MB", "customer": CUSTOMER}),
    ("code.end", {"code": "A123", "reason": NAMED}),
    ("amount.set", {"group": "referrer", "amount": "12", "from": "2021-01-15", "correction": True, "reason": NAMED}),
    ("programme.apply", {"reason": NAMED}),
    ("code.launch", {"reason": NAMED}),
    ("case.open", {"case": "M-C", "customer": CUSTOMER}),
    ("case.abandon", {"case": "M-C"}),
    ("contract.terminated", {"contract": "M-2"}),
    ("contract.withdrawn", {"contract": "M-4"}),
)  # fmt: skip
"""What is done at the doors, in order; where an act takes a reason and none is here, it is ``WHY``."""
ELSEWHERE: Final = {"contract.import", "customer.erase"}
"""The acts with a reason that no door brings, and the one that is to be proven."""


BROUGHT: Final[dict[str, dict[str, Any]]] = {
    "case.open": {"case": "M-D", "customer": CUSTOMER, "code": f"{FIRST_NAME}?"},
    "case.abandon": {"case": "M-D"},
    "discount.transfer": {"from": "MA", "to": "MB", "amount": "1"},
}
"""What is brought by an event as well, right after it was done."""


def live(door: Door) -> None:
    """Have everything done that is in the story, each under a key of its own that names the customer."""
    for number, (act, given) in enumerate(STORY):
        body = {"reason": WHY, **given} if ACTS[act].has_reason else given
        by = f"customer:{CUSTOMER}" if act == "code.shared" else "system"
        told = door.ask("POST", f"/acts/{act}", body, by=by, headers=key_of(number))
        assert told.status == HTTPStatus.OK, (act, told.body)
        if act in BROUGHT:
            event = {"id": f"{CUSTOMER}/{number}", "source": "crm", "type": act, "data": BROUGHT[act]}
            told = door.ask("POST", "/events", {**event, "specversion": "1.0", "time": "2021-03-15T12:00:00+02:00"})
            assert (told.status, told.json()["outcome"] in {"done", "warned"}) == (HTTPStatus.OK, True), told.body

        if act == "referral.void":
            for place, path in enumerate(("/contracts/M-1/fee-notes", "/codes/SUMMER21/end")):
                body = {"amount": "1", "reason": WHY} if "fee" in path else {"reason": WHY}
                told = door.ask("POST", path, body, headers=key_of(100 + place))
                assert told.status in {HTTPStatus.OK, HTTPStatus.CREATED}, told.body
                assert CUSTOMER not in told.body.decode(), "an answer with words about them that does not name them"


def key_of(number: int) -> dict[str, str]:
    """Return the key of a part of the story, which names the customer."""
    return {"idempotency-key": f"{CUSTOMER}_{FIRST_NAME}-{number}"}


def erase(door: Door) -> HttpAnswer:
    """Erase the customer, under a key that names them."""
    body, key = {"reason": "Asked to be forgotten."}, {"idempotency-key": f"erase {CUSTOMER}"}
    told = door.ask("POST", f"/customers/{CUSTOMER}/erase", body, by="administrator", headers=key)
    assert told.status == HTTPStatus.OK, told.body
    return told


def everything(url: URL) -> str:
    """Return every row of every table that there is, as text."""
    engine = create_engine(url)
    with engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        found = {table: connection.execute(text(f'SELECT * FROM "{table}"')).all() for table in tables}
    engine.dispose()
    return "\n".join(f"{table} {tuple(row)!r}" for table, rows in found.items() for row in rows)


def marks_in(dump: str) -> dict[str, list[str]]:
    """Return the lines of a dump that have a mark, by the mark."""
    return {mark: lines for mark in MARKS if (lines := [line for line in dump.splitlines() if mark in line])}


def published(door: Door) -> str:
    """Return all events and all messages of webhooks, as they are sent."""
    events = door.ask("GET", "/events?limit=200").body.decode()
    rows = door.service.store.trace.published(0, 1000)
    return "\n".join([events, *[Message.of(row, "/referral").body.decode() for row in rows]])


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """Yield the URL of an empty database."""
    if request.param == "sqlite":
        yield URL.create("sqlite", database=str(tmp_path / "referral.db"))
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


def test_the_story_has_every_act_that_takes_words() -> None:
    named = {act for act, _ in STORY}
    assert {act.name for act in ACTS.values() if act.has_reason} - ELSEWHERE <= named


def test_no_table_has_a_byte_of_whom_was_erased_and_no_file_after_vacuum(portal: BlockingPortal, database: URL) -> None:
    with SqlStore(database, Programme.default(), secret=SECRET) as store:
        build(store)
        door = Door(portal, store)
        live(door)
        before = marks_in(everything(database))
        assert before.keys() == {*MARKS}
        assert {line.split()[0] for line in before[CUSTOMER]} >= {"answers", "trace_entries", "contracts", "cases"}
        erase(door)
        assert marks_in(everything(database)) == {}
        assert marks_in(published(door)) == {}
        assert door.ask("POST", "/acts/trace.verify", {}).json()["answer"]["faults"] == []
    if database.get_backend_name() == "sqlite":
        path = Path(str(database.database))
        with sqlite3.connect(path, isolation_level=None) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        held = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
        assert [mark for mark in MARKS if mark.encode() in held] == []


def test_memory_has_nothing_of_whom_was_erased(portal: BlockingPortal) -> None:
    store = MemoryStore(Programme.default(), secret=SECRET)
    build(store)
    door = Door(portal, store)
    live(door)
    assert marks_in(memory_dump(store)).keys() == {*MARKS}
    erase(door)
    assert marks_in(memory_dump(store)) == {}
    assert marks_in(published(door)) == {}


def test_no_answer_about_them_is_given_again(portal: BlockingPortal) -> None:
    """An act that was answered before is a new one, about somebody who is gone."""
    store = MemoryStore(Programme.default(), secret=SECRET)
    build(store)
    door = Door(portal, store)
    live(door)
    erase(door)
    for number, (act, given) in enumerate(STORY):
        if act in {"termination-fee.note", "code.issue", "referral.hold"}:
            body = {"reason": WHY, **given}
            told = door.ask(
                "POST", f"/acts/{act}", body, headers={"idempotency-key": f"{CUSTOMER}_{FIRST_NAME}-{number}"}
            )
            assert "idempotency-replayed" not in told.headers, act
