"""What the rules need from outside: repositories and billing, and transactions over all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from referral_core.entities.personal_data import PersonalData
from referral_core.ports.billing import Billing
from referral_core.ports.cases import CaseRepository
from referral_core.ports.codes import CodeRepository
from referral_core.ports.contracts import ContractRepository
from referral_core.ports.grants import GrantRepository
from referral_core.ports.groups import GroupRepository
from referral_core.ports.referrals import ReferralRepository
from referral_core.ports.trace import TraceRepository
from referral_core.programme.programme import Programme

T = TypeVar("T")


class Repositories(Protocol):
    """Everything that services read. A host may take each part from wherever it likes."""

    @property
    def contracts(self) -> ContractRepository:
        """Contracts, and the accounts they stand on."""
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
        """Legs on their way to billing."""
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
        """The secret that the texts of codes are hashed with: at least 16 bytes, the same for the store's life (C10).

        Each store has one of its own; whoever knows it can foretell the codes of accounts.
        """
        ...

    def to_ascii(self, text: str) -> str:
        """Return a person's name in ASCII as its language's readers would write it, ``Õnne`` as ``Onne`` (C10).

        What has no ASCII letter is left out, so that the result may be empty.
        """
        ...

    def personal_data(self, customer: str) -> PersonalData:
        """Return what is held about a customer, all over the store; empty and zero throughout where it is nothing."""
        ...


class Store(Repositories, Protocol):
    """A store: all repositories, and the transactions that make an act whole (P6)."""

    @property
    def keeps_billing(self) -> bool:
        """Whether billing is the store's own, so that what it does belongs to the store's transactions."""
        ...

    def begin(self, programme: Programme) -> None:
        """Take from a programme what a new store starts with: its groups, if it never had any programme's (D2, P5)."""
        ...

    def transaction(self) -> AbstractContextManager[object]:
        """Return a block that takes effect as a whole, or not at all when an exception of any kind leaves it.

        Inside another one, the host's too, it is a part of it: if an exception leaves the inner block and goes no
        further, only the inner block's work is undone.
        """
        ...

    def run(self, act: Callable[[], T], named: Sequence[tuple[str, Any]] = ()) -> T:
        """Do an act in a transaction, again when it lost a race, and return what it returns.

        ``named`` is a hint, for stores to which it is worth it: what the act's arguments name, each with its kind, such
        as ``("account", "A")``.

        Inside another transaction it is done once: whoever began that one repeats it.

        :raises ConcurrentChange: others were quicker every time, or the outer transaction must be tried again.
        """
        ...

    def erase(self, customer: str) -> str:
        """Put a fresh pseudonym in a customer's place wherever the store names them, and return it (A5).

        All or nothing. The pseudonym is ``erased-`` and at least 16 bytes of randomness as text, the same throughout,
        so that everything that belonged together still does. Gone for good are:

        - the customer's id: on accounts, contracts, codes, referrals, cases, and where the customer acted;
        - the first name and the unusable code that were given with a contract;
        - every reason in free words about one of the customer's accounts, and every other that has the id in it as a
          word; in the trace the actor goes with the reason, and with both their salt, so that the digest that stays in
          their place tells nothing;
        - every answer that was kept for the customer as the asker, or that has the id in it as one of its texts.

        Accounts, codes, contracts, amounts and all hashes stay. Somebody who has read a contract, a code or a referral
        and stores its next state waits, or is told of the conflict, so that the id does not come back with it. A new
        referral by one of the customer's codes may bring it back if it is recorded at that very moment: look again.

        :raises ConcurrentChange: somebody else was at the same rows; the transaction must be tried again.
        """
        ...
