"""What a store holds about a person, and how words are told to name somebody (A5)."""

from __future__ import annotations

import re
from typing import Final

import attrs

from referral_core.entities.actor import Role
from referral_core.entities.trace_entry import TraceEntry, account_subject

PSEUDONYM: Final = "erased-"
"""What every pseudonym begins with; fresh randomness follows."""

ACTING_FOR_CUSTOMERS: Final = frozenset({Role.CUSTOMER, Role.SYSTEM})
"""The roles in which an actor with a customer's id is the customer, whatever the subject."""

_ACCOUNT: Final = account_subject("")


@attrs.frozen(kw_only=True)
class PersonalData:
    """What a store holds about a customer: on which accounts, under which first names, and how much of each kind.

    ``accounts``, ``first_names`` and ``open_cases`` are in order. ``traced`` counts the rows of the trace whose actor
    and reason would go.
    """

    accounts: tuple[str, ...]
    first_names: tuple[str, ...]
    open_cases: tuple[str, ...]
    contracts: int
    codes: int
    referrals: int
    cases: int
    traced: int

    @property
    def is_of_somebody(self) -> bool:
        """Tell whether this is a customer at all, of whom there is more than an actor's name."""
        return bool(self.accounts or self.cases or self.referrals)


def mentions(text: str | None, name: str) -> bool:
    """Tell whether a text has a name in it as a word of its own, in any case.

    >>> mentions("Mihkel called", "mihkel"), mentions("on Wednesday", "an"), mentions("K-17", "7")
    (True, False, False)
    """
    if not text or not name.strip():
        return False
    # A sign that is no part of words, such as a hyphen at the end of an id, ends them.
    return re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", text.casefold()) is not None


@attrs.frozen
class Person:
    """A customer, and how to tell what is personal about them in what a store keeps."""

    customer: str
    accounts: frozenset[str]

    def is_in(self, row: TraceEntry) -> bool:
        """Tell whether the actor and the reason of a row have to go.

        Under one of the customer's accounts every reason does, for nobody can tell whom free words mean; so does the
        customer as an actor. Elsewhere a reason does that has the customer's id in it as a word, and the customer as an
        actor, but not somebody of the staff who happens to have the same id: they answer for what they did.
        """
        if self.has(row.subject):
            return row.actor == self.customer or row.reason is not None
        is_customer = row.actor == self.customer and row.role in ACTING_FOR_CUSTOMERS
        return is_customer or mentions(row.reason, self.customer)

    def has(self, subject: str) -> bool:
        """Tell whether the subject of a chain is one of the customer's accounts."""
        return subject.startswith(_ACCOUNT) and subject.removeprefix(_ACCOUNT) in self.accounts

    def words(self, text: str | None, account: str) -> str | None:
        """Return what stays of free words about an account."""
        return None if account in self.accounts or mentions(text, self.customer) else text

    def actor(self, actor: str, account: str, pseudonym: str) -> str:
        """Return who is named instead of the actor of something about an account."""
        return pseudonym if actor == self.customer and account in self.accounts else actor
