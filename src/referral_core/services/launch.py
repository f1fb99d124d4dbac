"""The launch: the import of existing contracts, and a first code for every account that is due one (C2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import PromoCode
from referral_core.ports.codes import CodelessAccount, CodelessPage
from referral_core.programme.settings import ManualEndBlocks
from referral_core.services.codes import AccountCodes
from referral_core.services.context import BoundService
from referral_core.services.permissions import all_brought_in, all_that_issue
from referral_core.services.refusals import contract_exists, not_same_customer
from referral_core.values.arguments import Count, ReasonText, Text
from referral_core.values.errors import Reason, Refusal
from referral_core.values.moment import moment_text
from referral_core.values.name import is_name
from referral_core.values.word import Word

PAGE: Final = 10_000
"""The default number of accounts of a page."""


class Arrival(Word):
    """The outcomes of an imported contract that is not refused."""

    IMPORTED = "imported"
    PRESENT = "present"
    """The contract is stored already with the same content; nothing was changed."""


@attrs.frozen
class IssuedPage:
    """The codes that a launch run issued to one page of accounts.

    ``looked_at`` counts all accounts of the page; the next page begins after ``after``, ``None`` at the end.
    """

    codes: tuple[PromoCode, ...]
    looked_at: int
    after: str | None


class Launch(BoundService):
    """The acts of a launch, done once when a retailer goes live; each call is one page in one transaction.

    No bookmark is kept: an interrupted run is repeated from the start, and passes over what is stored already.
    """

    @act("contract.import", least=Role.ADMINISTRATOR, manual=True, touches=(all_brought_in,))
    def import_contracts(
        self, contracts: Sequence[Contract], *, reason: ReasonText | None = None
    ) -> tuple[Arrival | Refusal, ...]:
        """Import contracts that were concluded in another system, and return the outcome of each in turn (C2).

        A program makes them with ``Contract.imported``. A refused contract is left out and the others are imported. The
        reasons are ``contract-exists`` when its id is stored with other content, ``not-same-customer`` when another
        customer owns its account, ``moment-invalid`` when one of its moments lies in the future, and ``name-invalid``
        when an id is none, or not as ``Contract.imported`` keeps it. Earlier contracts of the page count as stored. No
        code is issued and no referral is recorded.

        :raises Refusal: ``not-allowed``, ``reason-missing``: nothing was imported.
        :raises ConcurrentChange: another import stored one of them at the same time: repeat the whole page.
        """
        checked = [(contract, _unfit(contract)) for contract in contracts]
        fit = [contract for contract, unfit in checked if unfit is None]
        standing = self._ports.contracts.standing([each.id for each in fit], [each.account for each in fit])
        known, customers = dict(standing.contracts), dict(standing.customers)
        outcomes: list[Arrival | Refusal] = []
        new: list[Contract] = []
        for contract, unfit in checked:
            outcome = unfit or _judged(contract, self._now, known, customers)
            if outcome is Arrival.IMPORTED:
                # Later contracts of the page meet this one as a stored one.
                known[contract.id] = contract
                customers[contract.account] = contract.customer
                new.append(contract)
            outcomes.append(outcome)
        if new:
            self._context.save_imported(new, reason)
        return tuple(outcomes)

    @act("code.due", least=Role.ADMINISTRATOR, reads=True, touches=(all_that_issue,))
    def due(self, *, after: Text = "", page: Count = PAGE) -> CodelessPage:
        """Return those accounts of a page, from ``after`` on, that are due a first code (C2).

        These never held a code and have a contract in force on a product and in a segment that issue codes (C3). Codes
        ended by staff stay ended (C7), and block the customer's other accounts where the programme says so. Nothing is
        changed.

        :raises Refusal: ``not-allowed``.
        """
        found = self._ports.promo_codes.codeless(after, page, at=self._now)
        due = [each for each in found.accounts if self._is_due(each)]
        if self._programme.manual_end_blocks is ManualEndBlocks.CUSTOMER:
            # An account that never held a code has none by hand, which alone would lift the block.
            blocked = self._ports.promo_codes.ended_by_hand({each.customer for each in due})
            due = [each for each in due if each.customer not in blocked]
        return attrs.evolve(found, accounts=tuple(due))

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

        At most ``most`` codes are issued, by default all. The same secret and accounts give the same codes for any size
        of pages.

        :raises Refusal: ``not-allowed``, ``reason-missing``.
        :raises CodeSpaceExhausted: more than half of the possible random codes are issued.
        :raises ConcurrentChange: another transaction issued a code to one of them: repeat the whole page.
        """
        found = self.due(after=after, page=page)
        accounts = found.accounts[:most]
        if not accounts:
            return IssuedPage((), found.looked_at, found.after)
        texts = self._context.code_texts.texts_for(accounts, self._now)
        codes = AccountCodes(self._context).launch(accounts, texts, reason)
        return IssuedPage(codes, found.looked_at, found.after)

    def _is_due(self, account: CodelessAccount) -> bool:
        """Tell whether a contract in force issues a code; by validation it also keeps the code (C3, C4)."""
        return any(self._programme.issues_for(product, segment) for product, segment in account.supplies)


_NAMES: Final = {"id": "contract"} | {word: word for word in ("account", "customer", "product", "segment", "channel")}
"""The ids and words of a contract, by attribute, with the names of their fields."""


def _unfit(contract: Contract) -> Refusal | None:
    """Refuse a contract with an id that no store is to be asked for."""
    field = next((field for name, field in _NAMES.items() if not is_name(getattr(contract, name))), None)
    message = "is no id or word in the form in which those are kept"
    return None if field is None else Refusal(Reason.NAME_INVALID, message=message, field=field)


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
            message=f"contract {contract.id} tells of {moment_text(contract.last_changed_at)}, which is yet to come",
            field="ended_at" if contract.ended_at else "activated_at" if contract.activated_at else "concluded_at",
        )
    return Arrival.IMPORTED
