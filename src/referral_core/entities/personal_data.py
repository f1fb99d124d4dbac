"""Personal data: what a store holds about a customer, and where it names them (A5)."""

from __future__ import annotations

import re
from typing import Final

import attrs

from referral_core.entities.actor import Role
from referral_core.entities.trace import TraceEntry, account_subject, referral_subject
from referral_core.values.name import compared_name

PSEUDONYM: Final = "erased-"
"""The prefix of every pseudonym; fresh randomness follows."""

ACTING_FOR_CUSTOMERS: Final = frozenset({Role.CUSTOMER, Role.SYSTEM})
"""The roles in which an actor with a customer's id is the customer, whatever the subject."""

GRANT_ACTS: Final = frozenset({"grant.due", "grant.posted", "grant.retry"})
"""The acts whose rows are about one side's grant, although they stand on the chain of the whole referral."""

_ACCOUNT: Final = account_subject("")
_REFERRAL: Final = referral_subject("")


@attrs.frozen(kw_only=True)
class PersonalData:
    """A summary of a customer's data in a store: accounts, first names, open cases, and counts of everything else.

    ``accounts``, ``first_names`` and ``open_cases`` are in order. ``traced`` counts the rows of the trace whose actor
    and reason an erasure removes.
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
        """Tell whether there is such a customer: an account, a case or a referral, and more than an actor's id."""
        return bool(self.accounts or self.cases or self.referrals)


def mentions(text: str | None, name: str) -> bool:
    """Tell whether a text contains a name as a separate word, in upper or lower case, however its accents are typed.

    >>> mentions("Mihkel called", "mihkel"), mentions("on Wednesday", "an"), mentions("K-17", "7")
    (True, False, False)
    """
    if not text or not name.strip():
        return False
    # Lookarounds and not ``\b``: an id may begin or end with a character that is no part of a word, as a hyphen.
    return re.search(rf"(?<!\w){re.escape(compared_name(name))}(?!\w)", compared_name(text)) is not None


@attrs.frozen
class Person:
    """A customer who is to be erased, with the tests for personal references to them.

    ``contracts`` are the customer's own, ``friends`` the contracts of the referrals whose referrer the customer is.
    """

    customer: str
    accounts: frozenset[str]
    contracts: frozenset[str] = frozenset()
    friends: frozenset[str] = frozenset()

    def is_in(self, row: TraceEntry) -> bool:
        """Tell whether the actor and the reason of a row are erased.

        On the chains of the customer's accounts and of their contracts' referrals every reason is erased, because free
        words may mean anybody; so is the customer as the actor. On the chain of a friend's referral the same holds for
        the rows of grants, one of which is the customer's. On other chains a reason is erased that contains the
        customer's id as a word, and the customer as the actor. A member of staff with the same id stays, because staff
        remain accountable for their acts.
        """
        if self.has(row.subject) or (row.act in GRANT_ACTS and _named(row.subject, _REFERRAL) in self.friends):
            return row.actor == self.customer or row.reason is not None
        is_customer = row.actor == self.customer and row.role in ACTING_FOR_CUSTOMERS
        return is_customer or mentions(row.reason, self.customer)

    def has(self, subject: str) -> bool:
        """Tell whether a chain is about one of the customer's accounts, or the referral of one of their contracts."""
        return _named(subject, _ACCOUNT) in self.accounts or _named(subject, _REFERRAL) in self.contracts

    def words(self, text: str | None, account: str) -> str | None:
        """Return free words about an account, or ``None`` when they are erased."""
        return None if account in self.accounts or mentions(text, self.customer) else text

    def actor(self, actor: str, account: str, pseudonym: str) -> str:
        """Return the actor of an act about an account, or the pseudonym in the customer's place."""
        return pseudonym if actor == self.customer and account in self.accounts else actor


def _named(subject: str, prefix: str) -> str | None:
    """Return the id in a subject with this prefix, ``None`` for a subject of another kind."""
    return subject.removeprefix(prefix) if subject.startswith(prefix) else None
