"""What happens while the clock moves, and the world as it is sown."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from examples.portal import Clock, People
from examples.portal.__main__ import sow_into
from examples.portal.seed import BEGINNING
from examples.portal.world import PORTAL, World
from referral_core import ContractStatus, Money
from tests.examples.portal.visitor import Visitor


@pytest.fixture
def world(portal: FastAPI) -> World:
    """Return the world behind the portal."""
    found: World = portal.state.world
    return found


def unpaid(world: World) -> int:
    """Return how many grants billing has not confirmed."""
    return sum(1 for _ in world.store.grants.all(unsettled=True))


@pytest.mark.rule("B1")
def test_a_contract_begins_on_its_day_and_both_sides_are_paid(world: World) -> None:
    world.simulation.move_to(date(2026, 3, 31))
    maarja = next(each for each in world.store.referrals.all(referrer="A-1001") if each.granted_at is None)
    assert world.store.billing.balance(maarja.referee).granted == Money("0")
    world.simulation.move_to(date(2026, 4, 1))
    contract = world.store.contracts.find(maarja.contract)
    assert contract is not None
    assert (contract.status, contract.starts_on) == (ContractStatus.ACTIVE, date(2026, 4, 1))
    assert contract.activated_at == world.programme.calendar.start_of(date(2026, 4, 1))
    assert world.store.billing.balance(maarja.referee).unused == Money("7")
    assert unpaid(world) == 0


@pytest.mark.rule("B6")
def test_bills_of_the_past_month_take_the_discount_by_themselves(world: World) -> None:
    before = world.store.billing.balance("A-1001")
    world.simulation.move_to(date(2026, 4, 1))
    after = world.store.billing.balance("A-1001")
    assert after.granted - before.granted == Money("15")
    assert after.consumed - before.consumed == Money("15")
    *_, last = world.store.referrals.all(referrer="A-1001")
    maarjas = last.referee
    assert world.store.billing.balance(maarjas).consumed == Money("0"), "nothing was supplied in March"
    world.simulation.move_to(date(2026, 5, 1))
    assert world.store.billing.balance(maarjas).consumed == Money("7")


@pytest.mark.rule("B2")
def test_a_night_that_is_done_over_does_nothing_twice(world: World, tmp_path: Path) -> None:
    world.simulation.move_to(date(2026, 5, 1))
    once = [world.store.billing.balance(account) for account, _ in world.store.contracts.accounts()]
    again = World(
        f"sqlite:///{tmp_path / 'world' / 'referral.db'}",
        clock=Clock(BEGINNING),  # as if the clock had not been kept
        people=People(),
    )
    again.simulation.move_to(date(2026, 5, 1))
    assert [again.store.billing.balance(account) for account, _ in again.store.contracts.accounts()] == once
    again.close()


def test_the_clock_moves_by_steps_and_to_days_and_never_back(visitor: Visitor) -> None:
    visitor.speaks("en")
    for fields, says in (
        ({"step": "day"}, "It is now 3 March 2026."),
        ({"step": "week"}, "It is now 10 March 2026."),
        ({"day": "2026-03-31"}, "It is now 31 March 2026."),
        ({"step": "month"}, "It is now 30 April 2026."),
        ({"day": "2026-04-30"}, "The clock only moves forward."),
        ({"day": "2020-01-01"}, "The clock only moves forward."),
        ({"day": "whenever"}, "The clock only moves forward."),
        ({"step": "year"}, "The clock only moves forward."),
        ({"day": "9999-12-31"}, "It is now 30 October 2026."),
    ):
        assert says in visitor.sends("/clock", **fields, here="/").text, fields


def test_no_two_acts_are_at_one_moment(world: World) -> None:
    moments = [world.act(PORTAL).cases.open(f"S-{number}", customer="C-1").case.opened_at for number in range(3)]
    assert moments == [BEGINNING + timedelta(seconds=second) for second in (1, 2, 3)]


def test_clock_and_people_are_kept(tmp_path: Path) -> None:
    clock, people = Clock(BEGINNING, kept_in=tmp_path / "clock.txt"), People(kept_in=tmp_path / "people.json")
    clock.tick()
    people.add("C-1", "Õie Šmidt")
    assert (people.number(), people.number()) == (1001, 1002)
    assert Clock(BEGINNING, kept_in=tmp_path / "clock.txt").now == clock.now > BEGINNING
    kept = People(kept_in=tmp_path / "people.json")
    assert (kept.customers(), kept.number()) == (people.customers(), 1003)
    kept.forget("C-1")
    assert (kept.name_of("C-1"), kept.find("C-1")) == ("C-1", None)


def test_the_world_is_sown_the_same_every_time_and_as_a_whole(sown: Path, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    sow_into(folder)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["again"]
    for name in ("clock.txt", "people.json"):
        assert (folder / name).read_bytes() == (sown / name).read_bytes()
    assert codes_in(folder) == codes_in(sown)


def codes_in(folder: Path) -> list[str]:
    """Return the texts of all codes in a world."""
    world = World(f"sqlite:///{folder / 'referral.db'}", clock=Clock(BEGINNING), people=People())
    try:
        accounts = [account for account, _ in world.store.contracts.accounts()]
        return [code.text for account in accounts for code in world.store.promo_codes.of_account(account)]
    finally:
        world.close()


@pytest.mark.rule("C11", "K1", "S9")
def test_the_world_holds_something_of_everything(world: World) -> None:
    now = world.clock.now
    accounts = [account for account, _ in world.store.contracts.accounts()]
    codes = [code for account in accounts for code in world.store.promo_codes.of_account(account)]
    assert {str(code.status_at(now)) for code in codes} == {"pending", "active", "ended"}
    assert {str(each.status) for each in world.store.referrals.all()} == {"recorded", "granted", "cancelled"}
    assert [str(case.status) for case in world.store.cases.all()] == ["open"]
    contracts = [each for account in accounts for each in world.store.contracts.of_account(account)]
    assert [[str(reason) for reason in each.warnings] for each in contracts if each.warnings] == [["code-ended"]]
    assert {str(each.status) for each in contracts} == {"concluded", "active", "terminated", "withdrawn"}
    assert {each.segment for each in contracts} == {"household", "micro-business"}
    assert unpaid(world) == 0


@pytest.mark.rule("B2", "S7")
def test_people_sign_up_while_the_clock_moves(portal: FastAPI, world: World) -> None:
    code = world.store.promo_codes.of_account("A-1001")[-1].text
    before = world.store.billing.balance("A-1001").granted
    on_the_way = world.desk.session(actor=PORTAL, now=world.clock.now).sharing.figures("A-1001").on_the_way

    def sign_up(number: int) -> int:
        return Visitor(portal).sends("/sign-up", name=f"Newcomer {number}", code=code).status_code

    def move(_: int) -> int:
        return Visitor(portal).sends("/clock", step="month", here="/").status_code

    with ThreadPoolExecutor(4) as crowd:
        done = [crowd.submit(act, number) for number in range(3) for act in (sign_up, move)]
        assert {each.result() for each in done} == {200}
    world.simulation.move_to(world.simulation.day + timedelta(days=62))
    after = world.store.billing.balance("A-1001").granted
    assert after - before == on_the_way + Money("45")
    assert unpaid(world) == 0
