"""Acts that a host asks for bare, in a small world where each has much to do; and what breaks them off."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from multiprocessing.synchronize import Event
from typing import Any, Final, cast
from unittest.mock import patch

import attrs

from referral_adapters.feed.summary import summary
from referral_adapters.sql import SqlStore, line
from referral_adapters.sql.exchange import Answer, Sent, exchange
from referral_adapters.sql.patient_connection import PatientConnection
from referral_core import Actor, GrantStatus, Money, Programme, ReferralDesk, Role, Session
from referral_core.ports.store import Store
from tests.phrases import at

PROGRAMME: Final = Programme.default()
SECRET: Final = b"the secret of whole acts" * 2
SYSTEM: Final = Actor.system("portal")
TIINA: Final = Actor("tiina", Role.SUPERVISOR)
CODE: Final = "A123"
NOW: Final = at("2021-03-01 12:00")
LATER: Final = at("2021-04-01 12:00")

Act = Callable[[Session], object]

ACTS: Final[dict[str, tuple[Actor, Act]]] = {
    "conclude": (SYSTEM, lambda s: s.sign_ups.conclude("K-N", account="N", customer="nele", code=CODE)),
    "activate": (SYSTEM, lambda s: s.contracts.activate("K-B")),
    "transfer": (TIINA, lambda s: s.discounts.transfer("D", "D2")),
    "end": (TIINA, lambda s: s.codes.end(CODE, reason="found on a coupon site")),
    "issue": (TIINA, lambda s: s.codes.issue("A", replace=True, reason="asked for")),
    "finish": (TIINA, lambda s: s.cases.finish("S-1", contract="K-C", account="C", customer="cem")),
}
"""The acts by name, each with who asks; everything that is there to be done by them is done by :func:`furnish`."""


def furnish(store: Store) -> None:
    """Let there be a referrer, a friend who has concluded, one with a case, and one who left a discount behind."""
    desk = ReferralDesk(PROGRAMME, store)
    with desk.session(actor=SYSTEM, now=at("2021-01-01")) as session:
        for group in ("referrer", "referee-self-service", "referee-manual"):
            session.groups.set_amount(group, Money("10"))
    with desk.session(actor=SYSTEM, now=at("2021-01-05 12:00")) as session:
        supplied(session, "K-A", account="A", customer="ann")
        session.codes.issue("A", code=CODE, replace=True)
    with desk.session(actor=SYSTEM, now=at("2021-02-01 12:00")) as session:
        session.sign_ups.conclude("K-B", account="B", customer="ben", code=CODE)
        session.cases.open("S-1", customer="cem", code=CODE)
        supplied(session, "K-D", account="D", customer="dora", code=CODE)
        supplied(session, "K-D2", account="D2", customer="dora")
    with desk.session(actor=SYSTEM, now=at("2021-02-20 12:00")) as session:
        session.contracts.terminate("K-D")
        session.payouts.pay_all()


def supplied(session: Session, contract: str, **who: str) -> None:
    """Conclude a contract that is in force at once."""
    session.sign_ups.conclude(contract, **who)  # type: ignore[arg-type] # account, customer and code
    session.contracts.activate(contract)


def bare(store: Store, name: str) -> None:
    """Ask for an act as a host does who never heard of transactions."""
    actor, act = ACTS[name]
    act(ReferralDesk(PROGRAMME, store).session(actor=actor, now=NOW))


def aftermath(store: Store) -> dict[str, Any]:
    """Activate what is concluded, pay what is due, and return where that leads; every grant must be posted once."""
    session = ReferralDesk(PROGRAMME, store).session(actor=SYSTEM, now=LATER)
    for referral in tuple(store.referrals.all()):
        contract = store.contracts.find(referral.contract)
        if contract is not None and contract.activated_at is None:
            session.contracts.activate(contract.id)
    session.payouts.pay_all()
    assert_paid(store)
    assert session.trace.verify().holds
    chains = {subject: [row.act for row in store.trace.chain(subject)] for subject, _, _ in store.trace.heads()}
    return {**summary(PROGRAMME, store, LATER), "trace": chains}


def assert_paid(store: Store) -> None:
    """Both sides of every referral whose contract is in force are granted, and billing holds each once."""
    grants = {grant.key: grant for grant in store.grants.all()}
    activated = [each.contract for each in store.referrals.all() if each.status == "granted"]
    assert grants.keys() == {f"{side}/{contract}" for contract in activated for side in ("referee", "referrer")}
    assert {grant.status for grant in grants.values()} <= {GrantStatus.GRANTED}
    for account, _ in store.contracts.accounts():
        owed = sum(grant.amount.cents for grant in grants.values() if grant.account == account)
        assert store.billing.balance(account).granted.cents == owed, account


# ── breaking off ──────────────────────────────────────────────────────────────────────────────────────────────────────


class PowerCut(Exception):
    """Nobody's error: the host was broken off."""


def cut() -> None:
    """Break off by an exception."""
    raise PowerCut


def die() -> None:
    """Break off as ``kill -9`` does."""
    os.kill(os.getpid(), signal.SIGKILL)


@attrs.define
class Countdown:
    """Breaks off before the n-th statement, once."""

    left: int
    off: Callable[[], None]

    def count(self) -> None:
        """Count a statement."""
        self.left -= 1
        if self.left == 0:
            self.off()


@attrs.frozen
class CountingCursor:
    """A cursor whose statements are counted before they are sent."""

    _cursor: Any
    _countdown: Countdown

    def execute(self, *statement: object) -> object:
        """Carry a statement out, or break off."""
        self._countdown.count()
        return self._cursor.execute(*statement)

    def executemany(self, *statement: object) -> object:
        """Carry a statement out for each of many rows, or break off."""
        self._countdown.count()
        return self._cursor.executemany(*statement)

    def __getattr__(self, name: str) -> object:
        return getattr(self._cursor, name)


@contextmanager
def breaking(store: SqlStore, n: int, off: Callable[[], None]) -> Iterator[None]:
    """Have a store break off before the n-th statement that it sends from this thread, its beginnings and ends too.

    On PostgreSQL many are sent at once: then those before the n-th are carried out, and the others never sent.
    """
    countdown, connections = Countdown(n, off), cast("Any", store._connections)
    plain = connections.cursor()
    connections._local.cursor = CountingCursor(plain, countdown)

    def counted(connection: PatientConnection, statements: Sequence[Sent]) -> list[Answer]:
        before = countdown.left
        if 0 < before <= len(statements):
            exchange(connection, statements[: before - 1])
        for _ in statements:
            countdown.count()
        return exchange(connection, statements)

    try:
        with patch.object(line, "exchange", counted):
            yield
    finally:
        connections._local.cursor = plain


# ── in processes of their own ─────────────────────────────────────────────────────────────────────────────────────────


def bare_until(url: str, name: str, n: str) -> None:
    """Ask for an act and be killed before its n-th statement, or do it if it has fewer."""
    with SqlStore(url, PROGRAMME, secret=SECRET) as store, breaking(store, int(n), die):
        bare(store, name)


def sell(url: str, begun: Event) -> None:
    """Sign customers up one after another, each act bare; go on where another was killed."""
    with SqlStore(url, PROGRAMME, secret=SECRET) as store:
        session = ReferralDesk(PROGRAMME, store).session(actor=SYSTEM, now=NOW)
        for number in count():
            contract = store.contracts.find(f"K-{number}")
            if contract is None:
                account, customer = f"N-{number}", f"c{number}"
                sign_up = session.sign_ups.conclude(f"K-{number}", account=account, customer=customer, code=CODE)
                contract = sign_up.contract
            if contract.activated_at is None:
                session.contracts.activate(contract.id)
                session.payouts.pay_due()
                begun.set()
