"""Races of whole acts, each in a transaction of its own: one wins, and the other gets a reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Final

import pytest
from sqlalchemy.engine import URL

from referral_adapters.conformance.samples import balance, code, contract, day, grant
from referral_adapters.feed import FeedRunner
from referral_adapters.sql import SqlStore
from referral_core import Programme
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Actor
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.promo_code import Ending
from referral_core.entities.trace import account_subject
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason, Refusal
from referral_core.values.money import Money

SYSTEM: Final = Actor.system()
WHEN: Final = datetime.fromisoformat("2021-03-01T12:00:00+02:00")
PATIENCE: Final = 60.0
PROGRAMME: Final = Programme.default()
over_and_over: Final = pytest.mark.parametrize("time", range(3))


@pytest.fixture
def shop(database: URL) -> Iterator[SqlStore]:
    """Yield a store with amounts, and an account A0 whose code AAAA is active."""
    with SqlStore(database, PROGRAMME) as store:
        desk = ReferralDesk(PROGRAMME, store)
        with store.transaction():
            for group in ("referrer", "referee-self-service", "referee-manual"):
                desk.session(actor=SYSTEM, now=WHEN - timedelta(days=9)).groups.set_amount(group, Money("10"))
            store.contracts.put(contract("K0", on="A0", of="C0", concluded=WHEN - timedelta(days=5)))
            store.promo_codes.add(
                code("AAAA", on="A0", of="C0", issued=WHEN - timedelta(days=5)).started(WHEN - timedelta(days=5)),
                at=day(0),
            )
        yield store


def race(store: SqlStore, *acts: Callable[[], object]) -> list[object]:
    """Do acts at once, each in a transaction, again if told to; return what came of them: ``done``, or a reason."""
    outcomes: list[object] = [None] * len(acts)
    start = Barrier(len(acts))

    def run(place: int) -> None:
        start.wait(PATIENCE)
        try:
            store.run(acts[place])
            outcomes[place] = "done"
        except Refusal as refusal:
            outcomes[place] = refusal.reasons[0]
        except Exception as error:  # noqa: BLE001 - shown by the test
            outcomes[place] = error

    threads = [Thread(target=run, args=(place,), daemon=True) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return outcomes


def conclude(desk: ReferralDesk, named: str, *, account: str, customer: str, given: str | None = None) -> object:
    return desk.session(actor=SYSTEM, now=WHEN).sign_ups.conclude(named, account=account, customer=customer, code=given)


@over_and_over
@pytest.mark.rule("S4")
def test_of_two_sign_ups_of_one_customer_one_is_referred(shop: SqlStore, time: int) -> None:
    desk = ReferralDesk(PROGRAMME, shop)
    outcomes = race(
        shop,
        lambda: conclude(desk, "K1", account="A1", customer="C1", given="AAAA"),
        lambda: conclude(desk, "K2", account="A2", customer="C1", given="AAAA"),
    )
    assert sorted(map(str, outcomes)) == ["already-referred", "done"]
    assert len(shop.contracts.of_customer("C1")) == 1
    assert len(list(shop.referrals.all())) == 1


@over_and_over
def test_of_two_contracts_of_one_id_one_is_concluded(shop: SqlStore, time: int) -> None:
    desk = ReferralDesk(PROGRAMME, shop)
    outcomes = race(
        shop,
        lambda: conclude(desk, "K1", account="A1", customer="C1"),
        lambda: conclude(desk, "K1", account="A2", customer="C2"),
    )
    assert sorted(map(str, outcomes)) == ["contract-exists", "done"]
    assert len(shop.contracts.of_account("A1") + shop.contracts.of_account("A2")) == 1
    assert len(list(shop.contracts.accounts())) == 2


@pytest.mark.rule("C6", "C3")
def test_two_contracts_on_a_new_account_bring_one_code(shop: SqlStore) -> None:
    desk = ReferralDesk(PROGRAMME, shop)
    outcomes = race(shop, *[lambda n=n: conclude(desk, f"K{n}!", account="A1", customer="C1") for n in range(4)])
    assert outcomes == ["done"] * 4
    assert len(shop.contracts.of_account("A1")) == 4
    assert len(shop.promo_codes.of_account("A1")) == 1


@pytest.mark.rule("B1", "B2")
def test_of_two_activations_one_takes_effect(shop: SqlStore) -> None:
    desk = ReferralDesk(PROGRAMME, shop)
    with shop.transaction():
        conclude(desk, "K1", account="A1", customer="C1", given="AAAA")
    at = [WHEN + timedelta(days=number) for number in (1, 2)]
    outcomes = race(
        shop, *[lambda when=when: desk.session(actor=SYSTEM, now=when).contracts.activate("K1") for when in at]
    )
    assert sorted(map(str, outcomes)) == ["contract-active", "done"]
    won = at[outcomes.index("done")]
    assert [grant.effective_from for grant in shop.grants.all()] == [won, won]
    found = shop.contracts.find("K1")
    assert found is not None
    assert found.activated_at == won


@pytest.mark.rule("B2")
def test_of_two_consumers_of_an_event_one_has_its_effect(shop: SqlStore) -> None:
    event = {
        "specversion": "1.0", "id": "1", "source": "/feed", "type": "contract.concluded", "time": WHEN.isoformat(),
        "data": {"contract": "K1", "account": "A1", "customer": "C1", "product": "electricity", "segment": "household",
                 "channel": "self-service"},
    }  # fmt: skip
    told: list[str] = []
    line = json.dumps(event)

    def consume() -> None:
        told.append(str(FeedRunner(PROGRAMME, shop).handle(line, 1)["outcome"]))

    threads = [Thread(target=consume, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(told) in (["done", "invalid"], ["done", "repeated"])
    assert len(shop.contracts.of_customer("C1")) == 1


@over_and_over
@pytest.mark.rule("B6", "B7")
def test_a_transfer_and_a_bill_share_no_cent(shop: SqlStore, time: int) -> None:
    shop.billing.grant(grant("K1", "10", on="A1"))
    outcomes = race(
        shop,
        lambda: shop.billing.transfer("A1", "A2", Money("6"), at=day(1), key="T1"),
        lambda: shop.billing.bill("B1", "A1", Money("6"), at=day(1)),
    )
    left = shop.billing.balance("A1")
    if outcomes == ["done", "done"]:
        assert left == balance(granted="10", transferred_out="6", consumed="4")
    else:
        assert outcomes == [Reason.AMOUNT_EXCEEDS_UNUSED, "done"]
        assert left == balance(granted="10", consumed="6")


@pytest.mark.rule("B7")
def test_a_transfer_that_is_asked_for_twice_moves_once(shop: SqlStore) -> None:
    shop.billing.grant(grant("K1", "10", on="A1"))
    again = [lambda: shop.billing.transfer("A1", "A2", Money("6"), at=day(1), key="T")] * 2
    assert race(shop, *again) == ["done", "done"]
    assert shop.billing.balance("A2") == balance(transferred_in="6")


@pytest.mark.rule("D3", "D5")
def test_no_amount_of_two_administrators_is_lost(shop: SqlStore) -> None:
    desk = ReferralDesk(PROGRAMME, shop)
    months = [(WHEN + timedelta(days=30 * n), WHEN + timedelta(days=30 * n + 9)) for n in range(1, 5)]

    def enter(start: datetime, end: datetime) -> DiscountGroup:
        return desk.session(actor=SYSTEM, now=WHEN).groups.set_amount(
            "referrer", Money("20"), starts=start, ends=end, correction=True, reason="so"
        )

    assert race(shop, *[lambda month=month: enter(*month) for month in months]) == ["done"] * 4
    found = shop.groups.find("referrer")
    assert found is not None
    periods = {span.period for span in found.amounts if span.value == Money("20")}
    assert periods == {EffectivePeriod(start, end) for start, end in months}


@pytest.mark.rule("C5")
def test_no_state_of_a_code_is_lost(shop: SqlStore) -> None:
    """A code that is started and given an end at once is started and has an end."""
    shop.promo_codes.add(code("BBBB", on="A9", of="C9", issued=day(0)), at=day(0))

    def start() -> None:
        found = shop.promo_codes.find("BBBB")
        assert found is not None
        shop.promo_codes.replace(found.started(day(1)), at=day(0))

    def end() -> None:
        found = shop.promo_codes.find("BBBB")
        assert found is not None
        shop.promo_codes.replace(found.ended(day(9), Ending.BY_HAND), at=day(0))

    assert race(shop, start, end) == ["done", "done"]
    found = shop.promo_codes.find("BBBB")
    assert found is not None
    assert (found.starts_at, found.ends_at) == (day(1), day(9))


@over_and_over
@pytest.mark.rule("A2", "B2", "B7")
def test_a_transfer_asked_for_by_many_at_once_is_traced_once(shop: SqlStore, time: int) -> None:
    desk = ReferralDesk(PROGRAMME, shop)
    with shop.transaction():
        for number, account in enumerate(("A1", "A2"), 1):
            conclude(desk, f"K{number}", account=account, customer="C1")
            desk.session(actor=SYSTEM, now=WHEN).contracts.activate(f"K{number}")
        desk.session(actor=SYSTEM, now=WHEN).contracts.terminate("K1")
        shop.billing.grant(grant("K9", "10", on="A1"))
    outcomes = race(
        shop, *[lambda: desk.session(actor=SYSTEM, now=WHEN).discounts.transfer("A1", "A2", key="T1") for _ in range(4)]
    )
    assert outcomes == ["done"] * 4
    assert shop.billing.balance("A2").transferred_in == Money("10")
    for account in ("A1", "A2"):
        acts = [row.act for row in shop.trace.chain(account_subject(account))]
        assert acts.count("discount.transfer") == 1
