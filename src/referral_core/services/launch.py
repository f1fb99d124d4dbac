"""The day of the launch: contracts that are there already, and a first code for everybody who is due one (C2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.codeless_account import CodelessAccount, CodelessPage
from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import PromoCode
from referral_core.services.code_book import CodeBook
from referral_core.services.context import BoundService
from referral_core.services.occupied import contract_exists, not_same_customer
from referral_core.services.permissions import all_brought_in, all_that_issue
from referral_core.values.arguments import Count, ReasonText, Text
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason
from referral_core.values.word import Word

PAGE: Final = 10_000
"""How many accounts a page looks at unless told otherwise."""


class Arrival(Word):
    """What became of a contract that was to be imported, and was not refused."""

    IMPORTED = "imported"
    PRESENT = "present"
    """It was there already, with the same content: nothing was changed."""


@attrs.frozen
class IssuedPage:
    """The codes that one page of a launch run issued.

    ``looked_at`` counts the accounts of the page; ``after`` is where the next page goes on, ``None`` at the end.
    """

    codes: tuple[PromoCode, ...]
    looked_at: int
    after: str | None


class Launch(BoundService):
    """What is done once, when a retailer goes live: each act is one page of it, for one transaction.

    What a page did is its own bookmark: whatever was interrupted is simply done again from the start, and passes over
    what is there.
    """

    @act("contract.import", least=Role.ADMINISTRATOR, manual=True, touches=(all_brought_in,))
    def import_contracts(
        self, contracts: Sequence[Contract], *, reason: ReasonText | None = None
    ) -> tuple[Arrival | Refusal, ...]:
        """Take in contracts that were concluded elsewhere, and say of each in turn what became of it (C2).

        They are made by :meth:`Contract.imported`. One that is refused is left out and the others come in: by
        ``contract-exists`` when its id stands with other content, ``not-same-customer`` when another customer owns
        its account, ``moment-invalid`` when it tells of something yet to come. What stands earlier in the page
        counts as being there. No code is issued and no referral recorded.

        :raises Refusal: ``not-allowed``, ``reason-missing``: nothing was imported.
        :raises ConcurrentChange: somebody else brought in one of them just now: do the whole page again.
        """
        standing = self._ports.contracts.standing(
            [contract.id for contract in contracts], [contract.account for contract in contracts]
        )
        known, customers = dict(standing.contracts), dict(standing.customers)
        outcomes: list[Arrival | Refusal] = []
        new: list[Contract] = []
        for contract in contracts:
            outcome = _judged(contract, self._now, known, customers)
            if outcome is Arrival.IMPORTED:
                known[contract.id] = contract
                customers[contract.account] = contract.customer
                new.append(contract)
            outcomes.append(outcome)
        if new:
            self._context.save_imported(new, reason)
        return tuple(outcomes)

    @act("code.due", least=Role.ADMINISTRATOR, reads=True, touches=(all_that_issue,))
    def due(self, *, after: Text = "", page: Count = PAGE) -> CodelessPage:
        """Look at a page of accounts, from ``after`` on, and return those that are due a first code (C2).

        They are the ones that never held a code and have a contract in force on a product and in a segment that
        issue codes (C3). What staff ended stays ended (C7). Changes nothing.

        :raises Refusal: ``not-allowed``.
        """
        found = self._ports.promo_codes.codeless(after, page, at=self._now)
        return attrs.evolve(found, accounts=tuple([each for each in found.accounts if self._is_due(each)]))

    @act("code.launch", least=Role.ADMINISTRATOR, manual=True, touches=(all_that_issue,))
    def issue_codes(
        self,
        *,
        after: Text = "",
        page: Count = PAGE,
        most: Count | None = None,
        reason: ReasonText | None = None,
    ) -> IssuedPage:
        """Issue a code, active at once, to each account of a page that is :meth:`due` one, in order (C2).

        At most ``most`` of them; ``None`` means all. The same secret and accounts give the same codes, however large
        the pages are.

        :raises Refusal: ``not-allowed``, ``reason-missing``.
        :raises CodeSpaceExhausted: more than half of the possible random codes are given out.
        :raises ConcurrentChange: somebody else issued a code to one of them just now: do the whole page again.
        """
        found = self.due(after=after, page=page)
        accounts = found.accounts[:most]
        if not accounts:
            return IssuedPage((), found.looked_at, found.after)
        texts = self._context.drawing.texts_for(accounts, self._now)
        codes = CodeBook(self._context).launch(accounts, texts, reason)
        return IssuedPage(codes, found.looked_at, found.after)

    def _is_due(self, account: CodelessAccount) -> bool:
        """Tell whether a contract in force brings a code; the programme sees to it that it also keeps it (C3, C4)."""
        return any(self._programme.issues_for(product, segment) for product, segment in account.supplies)


def _judged(
    contract: Contract, at: datetime, known: Mapping[str, Contract], customers: Mapping[str, str]
) -> Arrival | Refusal:
    standing = known.get(contract.id)
    if standing is not None:
        return Arrival.PRESENT if standing == contract else contract_exists(contract.id)
    if customers.get(contract.account, contract.customer) != contract.customer:
        return not_same_customer(contract.account)
    if contract.last_changed_at > at:
        return Refusal(
            Reason.MOMENT_INVALID,
            message=f"contract {contract.id} tells of {contract.last_changed_at.isoformat()}, which is yet to come",
            field="ended_at" if contract.ended_at else "activated_at" if contract.activated_at else "concluded_at",
        )
    return Arrival.IMPORTED
