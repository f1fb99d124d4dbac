"""People: the staff and the customers who may be picked in place of a sign-in, with names that only a host knows."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any, Final

import attrs

from referral_core import Actor, Role
from referral_core.values.name import is_visible

FIRST_NUMBER: Final = 1001
MOST_FORMS: Final = 10_000
"""How many forms are remembered with their numbers."""


@attrs.frozen
class Person:
    """Somebody who uses the portal; ``segments`` limits staff to some of them, as in :class:`Actor`."""

    id: str
    name: str
    role: Role = Role.CUSTOMER
    segments: tuple[str, ...] | None = None

    @property
    def actor(self) -> Actor:
        """The person as the desk knows them."""
        return Actor(self.id, self.role, None if self.segments is None else frozenset(self.segments))

    @property
    def is_customer(self) -> bool:
        """Tell whether this is a customer, not somebody of the staff."""
        return self.role is Role.CUSTOMER

    @property
    def first_name(self) -> str:
        """The first word of the name."""
        return self.name.split(" ", 1)[0]


STAFF: Final = (
    Person("mari.mets", "Mari Mets", Role.AGENT, ("household",)),
    Person("juris.ozols", "Juris Ozols", Role.AGENT, ("micro-business",)),
    Person("tiina.tamm", "Tiina Tamm", Role.SUPERVISOR),
    Person("andres.aas", "Andres Aas", Role.ADMINISTRATOR),
)
"""Two agents, one for homes and one for small businesses, a supervisor and an administrator."""


LONGEST_NAME: Final = 80


def is_name(text: str) -> bool:
    """Tell whether a text is a name for people: printable, not too long, with something to see in it."""
    return len(text) <= LONGEST_NAME and text.isprintable() and is_visible(text)


class People:
    """The staff, the customers by name, and the numbers that new customers, accounts, contracts and cases get.

    Kept in a file if there is one. Safe to use from many threads.
    """

    def __init__(self, *, kept_in: Path | None = None) -> None:
        self._file = kept_in
        self._lock = threading.Lock()
        self._of_forms: dict[str, int] = {}
        kept: dict[str, Any] = {"next": FIRST_NUMBER, "customers": {}}
        if kept_in is not None and kept_in.exists():
            kept = json.loads(kept_in.read_text(encoding="utf-8"))
        self._next: int = kept["next"]
        self._customers: dict[str, str] = kept["customers"]

    def customers(self) -> tuple[Person, ...]:
        """Return all customers, in the order they came."""
        return tuple(Person(id_, name) for id_, name in self._customers.items())

    def find(self, person: str) -> Person | None:
        """Return somebody of the staff, or a customer, by id."""
        staff = next((each for each in STAFF if each.id == person), None)
        if staff is None and person in self._customers:
            return Person(person, self._customers[person])
        return staff

    def name_of(self, customer: str) -> str:
        """Return a customer's name, or the id where no name is known, as after an erasure."""
        return self._customers.get(customer, customer)

    def add(self, customer: str, name: str) -> Person:
        """Remember a customer by name."""
        with self._lock:
            self._customers = {**self._customers, customer: name}
            self._keep()
        return Person(customer, name)

    def forget(self, customer: str) -> None:
        """Forget a customer's name, as when the customer is erased."""
        with self._lock:
            self._customers = {id_: name for id_, name in self._customers.items() if id_ != customer}
            self._keep()

    def number(self, form: str | None = None) -> int:
        """Return a new number; a form that is sent twice gets the same number."""
        with self._lock:
            if form is not None and form in self._of_forms:
                return self._of_forms[form]
            number, self._next = self._next, self._next + 1
            self._keep()
            if form is not None:
                self._of_forms[form] = number
                while len(self._of_forms) > MOST_FORMS:
                    self._of_forms.pop(next(iter(self._of_forms)))
        return number

    def _keep(self) -> None:
        if self._file is None:
            return
        beside = self._file.with_suffix(".new")
        kept = {"next": self._next, "customers": self._customers}
        beside.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")
        beside.replace(self._file)
