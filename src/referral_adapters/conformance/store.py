"""Stores under test: their protocol, their furniture, and the blocks that expect a failure or a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import pytest

from referral_adapters.conformance.samples import case, code, contract, day, grant, group, note, referral, sharing
from referral_core.entities.contract import Contract
from referral_core.entities.trace import Subscription
from referral_core.ports import store as ports
from referral_core.ports.requests import RequestRepository
from referral_core.values.errors import Reason, Refusal


class Transactional(Protocol):
    """A store, or a billing, with transactions."""

    def transaction(self) -> AbstractContextManager[object]:
        """Return a block that takes effect as a whole or not at all, like the transaction of a store."""
        ...


class Store(ports.Store, Protocol):
    """A store for a desk, with the repository of requests for hosts that take events and answer requests."""

    @property
    def requests(self) -> RequestRepository:
        """The events that took effect, and the answers to requests."""
        ...


ACCOUNTS = ("A1", "A2", "A3", "A4")
CUSTOMERS = ("C1", "C2", "C3", "C4")


def furnish(store: Store) -> None:
    """Put something into every repository of an empty store."""
    for each in (contract("K1"), contract("K2", on="A2", of="C2"), contract("K3", on="A2", of="C2")):
        store.contracts.put(each)
    for held in (code("AAAA", ended=day(5)), code("BBBB", issued=day(5)), code("CCCC", on="A2", of="C2")):
        store.promo_codes.add(held, at=day(0))
    for named in ("referrer", "friends"):
        store.groups.put(group(named), at=day(0))
    store.referrals.add(referral("K2"), at=day(0))
    for of in ("K2", "K1"):
        store.grants.add(grant(of))
    store.cases.open(case("S2"))
    for account in ("A1", "A2", "A1"):
        store.promo_codes.add_sharing(sharing(account))
        store.trace.append(note(account))
    store.trace.seal(day(1))
    store.requests.add_event("/feed", "1", "digest-1")
    store.trace.publish(2)
    store.trace.subscribe("crm", 1)
    for key in ("k1", "k3"):
        store.requests.claim("portal", key, "digest", at=day(0))
    store.requests.fill("portal", "k3", '{"customer": "C3"}')


def rearrange(store: Store) -> None:
    """Add to every repository of a furnished store, and change what is there, in every way that there is."""
    store.contracts.put(contract("K1").activated(day(1)))
    store.contracts.put(contract("K0", on="A3", of="C3"))
    store.contracts.put(contract("K4", on="A2", of="C2"))
    store.promo_codes.replace(code("BBBB", issued=day(5)).started(day(6)), at=day(6))
    store.promo_codes.add(code("DDDD", on="A3", of="C3"), at=day(0))
    store.promo_codes.add(code("EEEE", issued=day(-5), ended=day(0)), at=day(0))
    store.groups.put(group("referrer", called="Sõbrad"), at=day(1))
    store.groups.put(group("family", called="referrer"), at=day(1))
    store.referrals.replace(referral("K2").cancelled(day(1)), at=day(1))
    store.referrals.add(referral("K3"), at=day(1))
    for each in store.grants.unsettled(day(0), 1):
        store.grants.change([(each, each.taken(day(2)))])
    store.grants.add(grant("K0", on="A3"))
    store.cases.close(case("S2").finished("K3", day(1)))
    store.cases.open(case("S1"))
    _rearrange_trace_and_requests(store)


def _rearrange_trace_and_requests(store: Store) -> None:
    for account in ("A1", "A4"):
        store.promo_codes.add_sharing(sharing(account))
        store.trace.append(note(account))
    assert store.trace.seal(day(2))
    assert store.trace.publish(99)
    leased = store.trace.lease("crm", at=day(0), until=day(1))
    assert leased
    assert store.trace.settle(leased, Subscription("crm", 2, 1, day(3)))
    assert store.trace.subscribe("shop", 0)
    store.requests.fill("portal", "k1", "{}")
    store.requests.claim("portal", "k2", "digest", at=day(2))
    store.erase("C3")
    assert store.requests.forget(day(1)) == 1
    store.requests.add_event("/feed", "2", "digest-2")


def everything(store: Store) -> list[object]:
    """Return the whole content of a furnished store except billing, for comparisons."""
    found: list[object] = [list(store.contracts.accounts())]
    found += [store.contracts.of_account(account) for account in ACCOUNTS]
    found += [store.contracts.of_customer(customer) for customer in CUSTOMERS]
    found += [store.promo_codes.of_account(account) for account in ACCOUNTS]
    found += [store.promo_codes.find(text) for text in ("AAAA", "BBBB", "CCCC", "DDDD", "EEEE")]
    found += [store.promo_codes.history(account) for account in ACCOUNTS]
    found += [store.groups.history(named) for named in ("referrer", "friends", "family")]
    found += [store.referrals.history(contract) for contract in ("K2", "K3")]
    found += [store.groups.all(), list(store.referrals.all()), list(store.referrals.all(referrer="A1"))]
    found += [store.referrals.live_of(customer) for customer in CUSTOMERS]
    found += [list(store.grants.all()), store.grants.unsettled(day(9), 99), list(store.cases.all())]
    found += [list(store.grants.all(account=account)) for account in ACCOUNTS]
    found += [store.promo_codes.times_shared(account) for account in ACCOUNTS]
    found += [list(store.trace.chain(f"account:{account}")) for account in ACCOUNTS]
    found += [list(store.trace.heads()), list(store.trace.seals()), list(store.trace.sealed_heads())]
    found += [store.requests.event("/feed", event) for event in ("1", "2")]
    found += [store.requests.answer("portal", key) for key in ("k1", "k2", "k3")]
    found += [store.trace.published(0, 99), store.trace.subscriptions()]
    return found


def ids(contracts: tuple[Contract, ...]) -> list[str]:
    """Return the ids of contracts."""
    return [contract.id for contract in contracts]


class Slip(Exception):
    """The failure of a transaction that is meant to fail."""


@contextmanager
def failing(store: Transactional, error: type[BaseException] = Slip) -> Iterator[None]:
    """Do the block in a transaction that then fails, and check that its error comes out unchanged."""
    slip = error()
    try:
        with store.transaction():
            yield
            raise slip
    except BaseException as caught:
        if caught is not slip:
            raise
    else:
        raise AssertionError("the transaction kept the error to itself")


@contextmanager
def refused(reason: Reason) -> Iterator[None]:
    """Expect that the block is refused by this reason and no other."""
    with pytest.raises(Refusal) as caught:
        yield
    assert caught.value.reasons == (reason,)
