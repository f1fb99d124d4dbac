"""The port to what a store holds about persons."""

from __future__ import annotations

from typing import Protocol

from referral_core.entities.personal_data import PersonalData


class Persons(Protocol):
    """Where customers are known, all over one store (A5)."""

    def find(self, customer: str) -> PersonalData:
        """Return what the store holds about a customer; empty and zero throughout where it is nothing."""
        ...

    def erase(self, customer: str) -> str:
        """Put a fresh pseudonym in a customer's place wherever the store names them, and return it.

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
