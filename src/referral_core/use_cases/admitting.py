"""Whom an act admits: by role, and by the segments of everything that it shows or changes (A1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import attrs

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor, Role
from referral_core.entities.contract import Contract
from referral_core.rules.permissions import permit, permit_own
from referral_core.values.code_text import fold

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports


@attrs.frozen
class Admitting:
    """Looks up what an act touches, and admits its actor or refuses.

    Whatever an act shows or changes stands on accounts, and an account is in the segments of all contracts on it. An
    actor who is limited to some segments is admitted when all of that lies within them.
    """

    ports: Ports

    def admit(
        self,
        actor: Actor,
        act: Act,
        *,
        accounts: Iterable[str] = (),
        code: str | None = None,
        customer: str | None = None,
        segment: str | None = None,
    ) -> None:
        """Refuse with ``not-allowed`` unless the actor's role and segments admit the act (A1).

        ``accounts`` are those the act is about; a ``code`` touches the account that holds it; a ``customer`` for whom a
        code is judged touches every account of theirs; ``segment`` is that of a sign-up or a case. What is not there
        touches nothing. Nothing is looked up for an actor who is not limited.
        """
        permit(actor, act, self._segments(accounts, code, customer, segment))

    def admit_to_account(self, actor: Actor, act: Act, account: str) -> None:
        """Refuse with ``not-allowed`` unless the actor is admitted to an account: a customer, to their own only."""
        self.admit(actor, act, accounts=(account,))
        if actor.role is Role.CUSTOMER:
            contracts = self.ports.contracts.of_account(account)
            permit_own(actor, contracts[0].customer if contracts else None, act)

    def admit_to_contract(self, actor: Actor, act: Act, contract: Contract | None) -> None:
        """Refuse with ``not-allowed`` unless the actor is admitted to the account of a contract."""
        self.admit(actor, act, accounts=(contract.account,) if contract else ())

    def admit_to_referral(self, actor: Actor, act: Act, contract: Contract | None) -> None:
        """Refuse with ``not-allowed`` unless the actor is admitted to both accounts of a contract's referral."""
        self.admit(actor, act, accounts=self._sides(contract))

    def sees(
        self, actor: Actor, *, accounts: Iterable[str] = (), code: str | None = None, segment: str | None = None
    ) -> bool:
        """Tell whether all of that lies within the actor's segments, as :meth:`admit` looks at it.

        What is asked for one by one is refused where it does not; a list leaves it out (A1).
        """
        return actor.segments is None or actor.segments.issuperset(self._segments(accounts, code, None, segment))

    def sees_referral(self, actor: Actor, contract: Contract) -> bool:
        """Tell whether a contract is of the actor's channels, and both accounts of its referral of their segments."""
        return actor.serves(contract.channel) and self.sees(actor, accounts=self._sides(contract))

    def _sides(self, contract: Contract | None) -> Iterator[str]:
        if contract is not None:
            yield contract.account
            referral = self.ports.referrals.find(contract.id)
            if referral is not None:
                yield referral.referrer

    def _segments(
        self, accounts: Iterable[str], code: str | None, customer: str | None, segment: str | None
    ) -> Iterator[str]:
        if segment is not None:
            yield segment
        for account in accounts:
            yield from self._of_account(account)
        found = None if code is None else self.ports.promo_codes.find(fold(code))
        if found is not None:
            yield from self._of_account(found.account)
        if customer is not None:
            for contract in self.ports.contracts.of_customer(customer):
                yield contract.segment

    def _of_account(self, account: str) -> Iterator[str]:
        for contract in self.ports.contracts.of_account(account):
            yield contract.segment
