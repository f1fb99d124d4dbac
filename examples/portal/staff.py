"""The pages of the staff: names for ids, moments as people write them, and the search by number, name or code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Final, TypeVar
from unicodedata import normalize

from fastapi.responses import Response

from examples.portal.people import Person
from examples.portal.visit import Complaint, Visit
from referral_core import DiscountGroup, Money, Refusal, Side
from referral_core.services.sign_ups import SignUpView
from referral_core.values.name import compared_name

PAGE: Final = 20
"""How many rows a page of a list has."""
T = TypeVar("T")
MOST: Final = 20
"""How many customers of a name are looked at."""


def staff_page(visit: Visit, template: str, *, complaint: Complaint | None = None, **context: object) -> Response:
    """Answer with a page for staff; with a complaint the status says that nothing was done."""
    shared = {
        "moment": moments(visit),
        "group_name": group_names(visit),
        "who": who(visit),
        "traced_money": lambda text: visit.texts.money(traced_money(text)),
        "can_supervise": visit.someone().role in {"supervisor", "administrator"},
    }
    status = 200 if complaint is None else 422
    return visit.page(template, status=status, complaint=complaint, **{**shared, **context})


def complaint_of(visit: Visit, refusal: Refusal, *fields: str) -> Complaint:
    """Return the complaint about a refusal, at its field or else at the first of the form's ``fields``."""
    complaint = Complaint.of(refusal, visit.person, visit.texts)
    if not fields or complaint.field in fields:
        return complaint
    return Complaint(complaint.sentences, complaint.reasons, fields[0])


def typed(visit: Visit) -> Mapping[str, str]:
    """Return the fields of the form that was sent; nothing when the page is opened."""
    return visit.fields if visit.request.method == "POST" else {}


def traced_money(text: str) -> Money:
    """Return an amount that is written as in the trace, such as ``7.00 EUR``."""
    amount, _, currency = text.partition(" ")
    return Money(amount, currency)


def moments(visit: Visit) -> Callable[[datetime], str]:
    """Return the function that writes a moment with its time of day, by the programme's clocks."""
    calendar, texts = visit.world.programme.calendar, visit.texts

    def written(at: datetime) -> str:
        local = calendar.local(at)
        return texts("staff.moment", day=texts.day(local.date()), time=f"{local:%H:%M}")

    return written


def who(visit: Visit) -> Callable[[str | None], str]:
    """Return the function that names the person behind an id; a system is named by its id."""
    people, texts = visit.world.people, visit.texts

    def named(id_: str | None) -> str:
        if id_ is None:
            return texts("staff.erased")
        person = people.find(id_)
        return id_ if person is None else person.name

    return named


def referee_groups(visit: Visit) -> tuple[DiscountGroup, ...]:
    """Return the groups for new customers."""
    groups = visit.world.ask(visit.someone().actor).groups.all()
    return tuple(group for group in groups if group.side is Side.REFEREE)


def group_names(visit: Visit) -> Callable[[str], str]:
    """Return the function that names a group; an unknown group is named by its id."""
    groups = visit.world.ask(visit.someone().actor).groups.all()
    names: Mapping[str, str] = {group.id: visit.texts.group(group) for group in groups}
    return lambda group: names.get(group, group)


class StaffSearch:
    """A search of the staff: nothing is found that its actor may not see."""

    def __init__(self, visit: Visit, words: str) -> None:
        self._people = visit.world.people
        self._session = visit.world.ask(visit.someone().actor)
        self._words = normalize("NFC", words.strip())

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
        """Return the customers of a number, or with the words in their name, of those whom this actor may see."""
        spellings, part = self._spellings(), compared_name(self._words)
        everybody = self._people.customers()
        meant = (each for each in everybody if each.id in spellings or part in compared_name(each.name))
        return tuple(islice((each for each in meant if self.accounts_of(each.id)), MOST))

    def accounts_of(self, customer: str) -> tuple[str, ...]:
        """Return a customer's accounts."""
        return self._session.accounts.of_customer(customer)

    def _contracts_of(self, accounts: Iterable[str]) -> Iterator[str]:
        for view in self._found(accounts, self._session.accounts.show):
            yield from (contract.id for contract in view.contracts)

    def _spellings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self._words, self._words.upper())))

    def _found(self, names: Iterable[str], ask: Callable[[str], T]) -> Iterator[T]:
        """Yield the results for several names; a name that is unknown, or not for this actor, has none."""
        for name in names:
            try:
                yield ask(name)
            except Refusal:
                continue
