"""The store: all repositories and billing, and the transactions over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from referral_core.entities.personal_data import PersonalData
from referral_core.ports.billing import Billing
from referral_core.ports.cases import CaseRepository
from referral_core.ports.codes import CodeRepository, Evidence
from referral_core.ports.contracts import ContractRepository
from referral_core.ports.grants import GrantRepository
from referral_core.ports.groups import GroupRepository
from referral_core.ports.referrals import ReferralRepository
from referral_core.ports.reversals import ReversalRepository
from referral_core.ports.trace import TraceRepository
from referral_core.programme.programme import Programme

T = TypeVar("T")


class Repositories(Protocol):
    """All repositories that services read. A host may provide each of them by a different system."""

    @property
    def contracts(self) -> ContractRepository:
        """Contracts, and the accounts that they belong to."""
        ...

    @property
    def promo_codes(self) -> CodeRepository:
        """Promo codes."""
        ...

    @property
    def groups(self) -> GroupRepository:
        """Discount groups."""
        ...

    @property
    def referrals(self) -> ReferralRepository:
        """Referrals."""
        ...

    @property
    def grants(self) -> GrantRepository:
        """Grants on their way to billing."""
        ...

    @property
    def reversals(self) -> ReversalRepository:
        """Reversals of grants on their way to billing."""
        ...

    @property
    def cases(self) -> CaseRepository:
        """Cases."""
        ...

    @property
    def trace(self) -> TraceRepository:
        """The trace."""
        ...

    @property
    def billing(self) -> Billing:
        """Billing."""
        ...

    @property
    def code_key(self) -> bytes:
        """The secret key of the hash behind code texts: at least 16 bytes, the same for the store's life (C10).

        Each store has a key of its own. With the key the codes of accounts can be predicted.
        """
        ...

    def to_ascii(self, text: str) -> str:
        """Return a person's name in ASCII in the customary spelling, ``Õnne`` as ``Onne`` (C10).

        Characters without an ASCII spelling are left out, so the result may be empty.
        """
        ...

    def personal_data(self, customer: str) -> PersonalData:
        """Return the personal data of a customer in the whole store; empty and zero for an unknown customer."""
        ...


def gathered_evidence(repositories: Repositories, code: str, customer: str | None, groups: tuple[str, str]) -> Evidence:
    """Return the evidence of :meth:`CodeRepository.evidence`, read from four repositories one after another.

    This is for stores that cannot read it all at once.
    """
    referrer_group, referee_group = groups
    return Evidence(
        repositories.promo_codes.find(code),
        () if customer is None else repositories.contracts.of_customer(customer),
        () if customer is None else tuple([each.contract for each in repositories.referrals.live_of(customer)]),
        (repositories.groups.find(referrer_group), repositories.groups.find(referee_group)),
    )


class Store(Repositories, Protocol):
    """A store: all repositories, and the transactions that make an act whole (P6)."""

    @property
    def keeps_billing(self) -> bool:
        """Whether billing is part of the store, so that its changes belong to the store's transactions."""
        ...

    def begin(self, programme: Programme) -> None:
        """Give a new store to a programme: its currency, its zone, its groups (D2, P5).

        A store that belongs to a programme stays unchanged, but for a zone that a store of an earlier version does not
        know yet. A store that is only read stays unchanged in any case.

        :raises Refusal: ``currency-mismatch``, ``zone-mismatch``: the store belongs to another programme.
        """
        ...

    def transaction(self) -> AbstractContextManager[object]:
        """Return a block that takes effect as a whole, or not at all when any exception leaves it.

        Inside another transaction, also the host's, it is a part of that. When an exception leaves the inner block and
        is handled there, only the work of the inner block is undone.
        """
        ...

    def run(self, act: Callable[[], T], named: Sequence[tuple[str, Any]] = ()) -> T:
        """Run an act in a transaction, repeat it after a lost race, and return its result.

        ``named`` is a hint for stores that can use it, to lock and load early: the things that the act's arguments
        name, each with its kind, such as ``("account", "A")``.

        Inside another transaction the act runs once: the owner of the outer transaction repeats it.

        :raises ConcurrentChange: every attempt lost its race, or the outer transaction has to be repeated.
        """
        ...

    def erase(self, customer: str) -> str:
        """Put a fresh pseudonym in a customer's place wherever the store names them, and return it (A5).

        All or nothing. The pseudonym is ``erased-`` followed by at least 16 bytes of randomness as text. It is the same
        everywhere, so that the records of one person still belong together. These are deleted for good:

        - the customer's id on accounts, contracts, codes, referrals and cases, and as an actor;
        - the first name and the unusable code that were given with a contract;
        - every reason in free words about one of the customer's accounts, and every other reason that contains the id
          as a word; in the trace the actor goes with the reason, and the salt with both, so that the remaining digest
          reveals nothing;
        - the salt of the owner's digest on the chains of the customer's accounts;
        - every stored answer to the customer as the asker, and every other answer that contains the id as a text or as
          a word among others, or an account, contract, code or case of the customer as a text.

        Accounts, codes, contracts, amounts and all hashes stay. A concurrent transaction that has read a contract, a
        code or a referral and stores its next state waits, or fails with a conflict, so that it does not restore the
        id. Only a new referral by one of the customer's codes, recorded at that very moment, may bring the id back: the
        caller has to look again.

        :raises ConcurrentChange: another transaction changed the same rows; this one has to be repeated.
        """
        ...
