"""Newcomers: the numbers of their contract, account and case, and the start of supply."""

from __future__ import annotations

from datetime import date

import attrs
from dateutil.relativedelta import relativedelta

from examples.portal.people import Person
from examples.portal.world import PORTAL, World
from referral_core.services.cases import OpenedCase
from referral_core.services.sign_ups import SignUp


@attrs.frozen(kw_only=True)
class Newcomer:
    """A person who signs up, with new numbers; a known customer keeps the id."""

    number: int
    person: Person
    product: str
    segment: str = "household"
    account: str

    @property
    def contract(self) -> str:
        """The id of the newcomer's contract."""
        return f"K-{self.number}"

    @property
    def case(self) -> str:
        """The id of the newcomer's case, if the sign-up fails."""
        return f"S-{self.number}"

    @classmethod
    def of(
        cls,
        world: World,
        name: str,
        *,
        product: str = "electricity",
        segment: str = "household",
        form: str | None = None,
    ) -> Newcomer:
        """Return a new customer with new numbers; the same form gets the same numbers."""
        number = world.people.number(form)
        person = Person(f"C-{number}", name)
        return cls(number=number, person=person, product=product, segment=segment, account=f"A-{number}")

    @classmethod
    def again(cls, world: World, person: Person, *, product: str, form: str | None = None) -> Newcomer:
        """Return a known customer with the numbers of one more account; the same form gets the same numbers."""
        number = world.people.number(form)
        return cls(number=number, person=person, product=product, account=f"A-{number}")

    def conclude(self, world: World, code: str | None) -> SignUp:
        """Conclude a contract in self-service, with a code or without, and remember the customer's name.

        :raises CodeRefused: the code cannot be used; nothing was done.
        """
        signed = world.act(PORTAL).sign_ups.conclude(
            self.contract,
            account=self.account,
            customer=self.person.id,
            product=self.product,
            segment=self.segment,
            first_name=self.person.first_name,
            starts_on=next_start(world),
            code=code,
        )
        world.people.add(self.person.id, self.person.name)
        return signed

    def fail(self, world: World, code: str | None) -> OpenedCase:
        """Open a case instead, as when the sign-up breaks off, and remember the customer's name (K1)."""
        opened = world.act(PORTAL).cases.open(
            self.case, customer=self.person.id, product=self.product, segment=self.segment, code=code
        )
        world.people.add(self.person.id, self.person.name)
        return opened


def next_start(world: World) -> date:
    """Return the start of supply for a sign-up of today: the first day of the next month."""
    return world.simulation.day.replace(day=1) + relativedelta(months=1)
