"""A small invented world: half a year of customers, codes, referrals and amounts, by acts through the desk."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from examples.portal.clock import Clock
from examples.portal.newcomer import Newcomer, next_start
from examples.portal.people import STAFF, People
from examples.portal.world import PORTAL, World
from referral_core import Money

ZONE: Final = ZoneInfo("Europe/Tallinn")
LAUNCH: Final = datetime(2025, 9, 1, 9, tzinfo=ZONE)
"""When the invented programme began."""
BEGINNING: Final = datetime(2026, 3, 2, 9, tzinfo=ZONE)
"""Where the clock stands when the pages are first opened."""

HOMES_AGENT, FIRMS_AGENT, SUPERVISOR, ADMINISTRATOR = (person.actor for person in STAFF)


def sow(folder: Path) -> None:
    """Make a world in an empty folder: a database, a clock and people. It is the same every time."""
    world = World(
        f"sqlite:///{folder / 'referral.db'}",
        clock=Clock(LAUNCH, kept_in=folder / "clock.txt"),
        people=People(kept_in=folder / "people.json"),
    )
    try:
        Seed(world).grow()
    finally:
        world.close()


class Seed:
    """The half year before the pages are first opened."""

    def __init__(self, world: World) -> None:
        self._world = world

    def grow(self) -> None:
        """Let half a year pass."""
        self._september()
        self._autumn()
        self._winter()
        self._february()
        self._world.simulation.move_to(BEGINNING.date())

    def _september(self) -> None:
        for group, amount in (("referrer", "10"), ("referee-self-service", "7"), ("referee-manual", "5")):
            self._amount(group, amount)
        for name in ("Anna Kask", "Jaan Lepik", "Olga Ivanova", "Līga Bērziņa", "Peeter Saar"):
            self._join(name)
        self._firm("Pagaripoisid OÜ")

    def _autumn(self) -> None:
        self._move_to(date(2025, 10, 6))
        for means in ("link", "e-mail", "app"):
            self._share("Anna Kask", means)
        self._share("Jaan Lepik", "sms")
        self._share("Olga Ivanova", "link")
        self._move_to(date(2025, 10, 20))
        self._join("Marek Lepp", friend="Anna Kask")
        self._move_to(date(2025, 11, 12))
        self._share("Anna Kask", "link")
        self._join_by_agent("Svetlana Petrova", code=self._code_of("Anna Kask"))
        self._move_to(date(2025, 11, 24))
        self._join("Kadri Kuusk", friend="Jaan Lepik")
        self._move_to(date(2025, 11, 27))
        self._withdraw("Kadri Kuusk")

    def _winter(self) -> None:
        self._move_to(date(2025, 12, 8))
        self._amount("referrer", "15", starts=date(2026, 1, 1))
        self._amount("referee-manual", "7", starts=date(2026, 2, 1))
        self._amount("referee-self-service", "12", starts=date(2026, 5, 1), ends=date(2026, 6, 1))
        self._move_to(date(2026, 1, 14))
        self._join("Toomas Rebane", friend="Olga Ivanova")
        self._join("Elīna Kalniņa", friend="Līga Bērziņa")
        self._share("Līga Bērziņa", "app")
        self._again("Līga Bērziņa")
        self._move_to(date(2026, 1, 28))
        self._terminate("Līga Bērziņa")

    def _february(self) -> None:
        self._move_to(date(2026, 2, 9))
        self._terminate("Peeter Saar")
        self._end_code("Jaan Lepik", "Found on a coupon site.")
        self._share("Anna Kask", "e-mail")
        self._move_to(date(2026, 2, 19))
        self._join_by_agent("Rasmus Oja", code=self._code_of("Peeter Saar"))
        self._move_to(date(2026, 2, 26))
        Newcomer.of(self._world, "Dmitri Volkov").fail(self._world, self._code_of("Anna Kask"))
        self._move_to(date(2026, 3, 1))
        self._join("Maarja Põld", friend="Anna Kask")

    def _move_to(self, day: date) -> None:
        self._world.simulation.move_to(day)

    def _customer(self, name: str) -> str:
        return next(person.id for person in self._world.people.customers() if person.name == name)

    def _code_of(self, name: str) -> str:
        (code, *_) = self._world.store.promo_codes.of_account(self._account_of(name))
        return code.text

    def _account_of(self, name: str) -> str:
        return self._world.store.contracts.of_customer(self._customer(name))[0].account

    def _contract_of(self, name: str) -> str:
        return self._world.store.contracts.of_customer(self._customer(name))[0].id

    def _amount(self, group: str, amount: str, *, starts: date | None = None, ends: date | None = None) -> None:
        start_of = self._world.programme.calendar.start_of
        self._world.act(ADMINISTRATOR).groups.set_amount(
            group,
            Money(amount),
            starts=None if starts is None else start_of(starts),
            ends=None if ends is None else start_of(ends),
        )

    def _join(self, name: str, *, friend: str | None = None) -> None:
        code = None if friend is None else self._code_of(friend)
        Newcomer.of(self._world, name).conclude(self._world, code)

    def _again(self, name: str) -> None:
        """Have a known customer conclude for one more account, without a code."""
        person = self._world.people.find(self._customer(name))
        if person is not None:
            Newcomer.again(self._world, person, product="electricity").conclude(self._world, None)

    def _join_by_agent(self, name: str, *, code: str) -> None:
        newcomer = Newcomer.of(self._world, name)
        self._world.people.add(newcomer.person.id, name)
        self._world.act(HOMES_AGENT).sign_ups.conclude(
            f"K-{newcomer.number}",
            account=newcomer.account,
            customer=newcomer.person.id,
            channel="sales-portal",
            code=code,
            starts_on=next_start(self._world),
            first_name=newcomer.person.first_name,
        )

    def _firm(self, name: str) -> None:
        newcomer = Newcomer.of(self._world, name, segment="micro-business")
        self._world.people.add(newcomer.person.id, name)
        self._world.act(FIRMS_AGENT).sign_ups.conclude(
            f"K-{newcomer.number}",
            account=newcomer.account,
            customer=newcomer.person.id,
            segment="micro-business",
            channel="sales-portal",
            starts_on=next_start(self._world),
        )

    def _share(self, name: str, means: str) -> None:
        code = self._code_of(name)
        self._world.act(PORTAL).sharing.share(code, means=means)

    def _withdraw(self, name: str) -> None:
        contract = self._contract_of(name)
        self._world.act(PORTAL).contracts.withdraw(contract)

    def _terminate(self, name: str) -> None:
        contract = self._contract_of(name)
        self._world.act(PORTAL).contracts.terminate(contract)

    def _end_code(self, name: str, reason: str) -> None:
        code = self._code_of(name)
        self._world.act(SUPERVISOR).codes.end(code, reason=reason)
