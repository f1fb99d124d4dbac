"""The repository of promo codes: their states over time, the evidence on them, and how often they were shared."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

import attrs

from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.promo_code import PromoCode, Sharing
from referral_core.entities.trace import TraceNote
from referral_core.values.history import Recorded

Supply = tuple[str, str]
"""The product and the segment of a contract."""


@attrs.frozen
class CodelessAccount:
    """An account that never held a code, as a launch run finds it (C2).

    ``supplies`` are those of its contracts in force. ``first_name`` is the latest one given with any of its contracts,
    for named codes (C10).
    """

    account: str
    customer: str
    supplies: tuple[Supply, ...]
    first_name: str | None = None


@attrs.frozen
class CodelessPage:
    """The codeless accounts of one page of accounts, which are in order of id.

    ``looked_at`` counts all accounts of the page. ``after`` is the last of them, where the next page begins, or
    ``None`` when there are no more accounts.
    """

    accounts: tuple[CodelessAccount, ...]
    looked_at: int
    after: str | None


@attrs.frozen
class Evidence:
    """Everything that a check reads: the code, the customer's contracts and standing, and two groups.

    ``contracts`` are in order of concluding moment and then id. ``referred_by`` are the contracts of those referrals of
    the customer that are open or were paid, in order of id (S4). ``groups`` are in the order of the question, ``None``
    for a group that does not exist.
    """

    code: PromoCode | None
    contracts: tuple[Contract, ...]
    referred_by: tuple[str, ...]
    groups: tuple[DiscountGroup | None, ...]


class CodeRepository(Protocol):
    """The repository of codes, of their states with the moments of recording, and of sharings (T2).

    The store itself guards that no text is held twice (C1) and that no codes of an account overlap (C6).

    Texts are canonical. All methods may be called from many threads at once; of two racing writers one is refused with
    the reason of the rule.
    """

    def find(self, text: str) -> PromoCode | None:
        """Return the code with this canonical text, whichever account holds or held it."""
        ...

    def of_account(self, account: str) -> tuple[PromoCode, ...]:
        """Return the account's codes, past ones included, in the order they were added."""
        ...

    def add(self, code: PromoCode, *, at: datetime) -> None:
        """Store a newly issued code, as recorded at ``at``.

        :raises Refusal: ``code-taken`` when any account ever held the text (C1), ``code-overlap`` when the account
            holds another code at some moment of its period (C6).
        """
        ...

    def replace(self, code: PromoCode, *, at: datetime) -> None:
        """Store the next state of a code, as recorded at ``at``.

        :raises Refusal: ``code-overlap`` as :meth:`add` does, ``code-unknown`` when there is no code of this text.
        """
        ...

    def history(self, account: str) -> tuple[tuple[Recorded[PromoCode], ...], ...]:
        """Return every state that was ever stored of every code of an account (R3).

        Codes and their states are in the order in which they were added. A state is never removed or changed, except
        that the words of ``ending_reason`` may be erased (A5). ``recorded_at`` is the ``at`` of the act that stored the
        state. It never goes back: a late arrival is recorded at the moment of the last record on the same account.
        ``revision`` counts the states of one code from 1. Moments are exact to the microsecond.
        """
        ...

    def evidence(self, code: str, customer: str | None, groups: tuple[str, str]) -> Evidence:
        """Read the code with a canonical text, a customer's standing and two groups, all at once.

        Checks are the most frequent act (P4, S5). Without a ``customer`` there are no contracts and no referral. The
        result equals that of :func:`~referral_core.ports.store.gathered_evidence` over the repositories of the store.
        """
        ...

    def taken(self, texts: Collection[str]) -> frozenset[str]:
        """Return those of these canonical texts that any account holds or held (C1)."""
        ...

    def ended_by_hand(self, customers: Collection[str]) -> frozenset[str]:
        """Return those of these customers on any of whose accounts staff ended a code, or will (C7); none is locked."""
        ...

    def codeless(self, after: str, limit: int, *, at: datetime) -> CodelessPage:
        """Read the next ``limit`` accounts whose id is above ``after``, in order of the code points of the id.

        The result holds those that never held a code and have a contract in force: open, and activated at or before
        ``at``. In a transaction their contracts stay unchanged until it ends, and a second run waits for it.
        """
        ...

    def add_first(self, codes: Sequence[PromoCode], notes: Sequence[TraceNote], *, at: datetime) -> None:
        """Store the first codes of accounts, recorded at ``at``, and add the notes to the trace: all or nothing.

        The codes are found and guarded like all others (C2).

        :raises ConcurrentChange: a text was taken, or an account got another code; nothing was stored. The caller reads
            :meth:`codeless` again.
        """
        ...

    def add_sharing(self, sharing: Sharing) -> None:
        """Store one sharing of a code."""
        ...

    def times_shared(self, account: str, *, by: datetime | None = None) -> int:
        """Return the number of sharings of this account's codes, at or before ``by`` if it is given."""
        ...
