"""What a store holds about a person, and how words are told to name somebody (A5)."""

from __future__ import annotations

import re
from typing import Final

import attrs

from referral_core.entities.actor import Role
from referral_core.entities.trace_entry import TraceEntry, account_subject, referral_subject

PSEUDONYM: Final = "erased-"
"""What every pseudonym begins with; fresh randomness follows."""

ACTING_FOR_CUSTOMERS: Final = frozenset({Role.CUSTOMER, Role.SYSTEM})
"""The roles in which an actor with a customer's id is the customer, whatever the subject."""

GRANT_ACTS: Final = frozenset({"grant.due", "grant.posted", "grant.retry"})
"""The acts whose rows are about a grant, which is one side's, though they stand on the chain of the referral."""

_ACCOUNT: Final = account_subject("")
_REFERRAL: Final = referral_subject("")


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
    """A customer, and how to tell what is personal about them in what a store keeps.

    ``contracts`` are the customer's own, ``friends`` those of the referrals that the customer is the referrer of.
    """

    customer: str
    accounts: frozenset[str]
    contracts: frozenset[str] = frozenset()
    friends: frozenset[str] = frozenset()

    def is_in(self, row: TraceEntry) -> bool:
        """Tell whether the actor and the reason of a row have to go.

        Under one of the customer's accounts, or the referral of one of their contracts, every reason does, for nobody
        can tell whom free words mean; so does the customer as an actor. On the chain of a friend's referral that goes
        for the rows of grants, one of which is the customer's. Elsewhere a reason does that has the customer's id in it
        as a word, and the customer as an actor, but not somebody of the staff who happens to have the same id: they
        answer for what they did.
        """
        if self.has(row.subject) or (row.act in GRANT_ACTS and _named(row.subject, _REFERRAL) in self.friends):
            return row.actor == self.customer or row.reason is not None
        is_customer = row.actor == self.customer and row.role in ACTING_FOR_CUSTOMERS
        return is_customer or mentions(row.reason, self.customer)

    def has(self, subject: str) -> bool:
        """Tell whether the subject of a chain is one of the customer's accounts, or the referral of a contract."""
        return _named(subject, _ACCOUNT) in self.accounts or _named(subject, _REFERRAL) in self.contracts

    def words(self, text: str | None, account: str) -> str | None:
        """Return what stays of free words about an account."""
        return None if account in self.accounts or mentions(text, self.customer) else text

    def actor(self, actor: str, account: str, pseudonym: str) -> str:
        """Return who is named instead of the actor of something about an account."""
        return pseudonym if actor == self.customer and account in self.accounts else actor


def _named(subject: str, prefix: str) -> str | None:
    """Return what a subject of a kind names; nothing when it is of another kind."""
    return subject.removeprefix(prefix) if subject.startswith(prefix) else None
