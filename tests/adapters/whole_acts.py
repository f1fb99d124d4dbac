"""Acts without a transaction of the host, in a small world where each has much to do; and their interruptions."""

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
from referral_adapters.sql import SqlStore
from referral_adapters.sql import executor as line
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
"""The acts by name, each with its actor; :func:`furnish` prepares the world for them."""


def furnish(store: Store) -> None:
    """Put into a store a referrer, a friend with a contract, one with a case, and one with unused discount."""
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
    """Conclude a contract and activate it at once."""
    session.sign_ups.conclude(contract, **who)  # type: ignore[arg-type] # account, customer and code
    session.contracts.activate(contract)


def bare(store: Store, name: str) -> None:
    """Do an act like a host that uses no transaction."""
    actor, act = ACTS[name]
    act(ReferralDesk(PROGRAMME, store).session(actor=actor, now=NOW))


def aftermath(store: Store) -> dict[str, Any]:
    """Activate every contract, pay every grant and return the summary; check that every grant is posted once."""
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
    """Check that both sides of every active referral are granted, and that billing holds each grant once."""
    grants = {grant.key: grant for grant in store.grants.all()}
    activated = [each.contract for each in store.referrals.all() if each.status == "granted"]
    assert grants.keys() == {f"{side}/{contract}" for contract in activated for side in ("referee", "referrer")}
    assert {grant.status for grant in grants.values()} <= {GrantStatus.GRANTED}
    for account, _ in store.contracts.accounts():
        owed = sum(grant.amount.cents for grant in grants.values() if grant.account == account)
        assert store.billing.balance(account).granted.cents == owed, account


# ── breaking off ──────────────────────────────────────────────────────────────────────────────────────────────────────


class PowerCut(Exception):
    """The interruption of a host, which is nobody's error."""


def cut() -> None:
    """Interrupt by an exception."""
    raise PowerCut


def die() -> None:
    """Interrupt like ``kill -9``."""
    os.kill(os.getpid(), signal.SIGKILL)


@attrs.define
class Countdown:
    """A counter of statements that interrupts once, before the n-th."""

    left: int
    off: Callable[[], None]

    def count(self) -> None:
        """Count a statement, and interrupt before the n-th."""
        self.left -= 1
        if self.left == 0:
            self.off()


@attrs.frozen
class CountingCursor:
    """A cursor that counts its statements before it sends them."""

    _cursor: Any
    _countdown: Countdown

    def execute(self, *statement: object) -> object:
        """Execute a statement, or interrupt."""
        self._countdown.count()
        return self._cursor.execute(*statement)

    def executemany(self, *statement: object) -> object:
        """Execute a statement for each of many rows, or interrupt."""
        self._countdown.count()
        return self._cursor.executemany(*statement)

    def __getattr__(self, name: str) -> object:
        return getattr(self._cursor, name)


@contextmanager
def breaking(store: SqlStore, n: int, off: Callable[[], None]) -> Iterator[None]:
    """Interrupt a store before the n-th statement that it sends from this thread, begins and commits included.

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
    """Do an act, killed before its n-th statement; an act with fewer statements is done."""
    with SqlStore(url, PROGRAMME, secret=SECRET) as store, breaking(store, int(n), die):
        bare(store, name)


def sell(url: str, begun: Event) -> None:
    """Sign up customers one after another without a transaction, from where a killed process stopped."""
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
