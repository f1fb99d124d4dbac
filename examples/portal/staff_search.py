"""Finding sign-ups and accounts by what somebody on the telephone can say: a number, a name, a code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from examples.portal.people import Person
from examples.portal.visit import Visit
from referral_core import Refusal
from referral_core.services.sign_ups import SignUpView

T = TypeVar("T")

MOST: Final = 20
"""So many customers of a name are looked at."""


class StaffSearch:
    """Looks for what somebody of the staff may see; what is not theirs to see is not found."""

    def __init__(self, visit: Visit, words: str) -> None:
        self._people = visit.world.people
        self._session = visit.world.ask(visit.someone().actor)
        self._words = words.strip()

    def sign_ups(self) -> tuple[SignUpView, ...]:
        """Return the sign-ups of a contract, an account, or customers by number or name."""
        contracts = dict.fromkeys((*self._spellings(), *self._contracts_of(self.accounts())))
        return tuple(self._found(contracts, self._session.sign_ups.find))

    def accounts(self) -> tuple[str, ...]:
        """Return the accounts of a number, a contract, a code, or customers by number or name."""
        session, spellings = self._session, self._spellings()
        by_number = (view.account for view in self._found(spellings, session.accounts.show))
        by_contract = (seen.contract.account for seen in self._found(spellings, session.sign_ups.find))
        by_code = (code.account for code in self._found(spellings[:1], session.codes.show))
        by_customer = (account for person in self.customers() for account in self.accounts_of(person.id))
        return tuple(dict.fromkeys((*by_number, *by_contract, *by_code, *by_customer)))

    def customers(self) -> tuple[Person, ...]:
        """Return the customers of a number, or with the words in their name."""
        spellings, part = self._spellings(), self._words.casefold()
        everybody = self._people.customers()
        return tuple(each for each in everybody if each.id in spellings or part in each.name.casefold())[:MOST]

    def accounts_of(self, customer: str) -> tuple[str, ...]:
        """Return a customer's accounts."""
        return self._session.accounts.of_customer(customer)

    def _contracts_of(self, accounts: Iterable[str]) -> Iterator[str]:
        for view in self._found(accounts, self._session.accounts.show):
            yield from (contract.id for contract in view.contracts)

    def _spellings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self._words, self._words.upper())))

    def _found(self, names: Iterable[str], ask: Callable[[str], T]) -> Iterator[T]:
        """Yield what there is of several names; what is not there, or not for this actor, is left out."""
        for name in names:
            try:
                yield ask(name)
            except Refusal:
                continue
