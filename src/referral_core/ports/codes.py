"""The repository of promo codes: their states over time, the evidence on them, and how often they were shared."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import attrs

from referral_core.entities.codeless_account import CodelessPage
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.sharing import Sharing
from referral_core.entities.trace_entry import TraceNote
from referral_core.values.recorded import Recorded

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories


@attrs.frozen
class Evidence:
    """All that a check looks at: the code; the customer's contracts, and whether they are referred; two groups.

    ``contracts`` are in order of concluding moment and then id. ``is_referred`` tells whether the customer has a
    referral that is open or was paid (S4). ``groups`` are in the order they were asked for, ``None`` for one that does
    not exist.
    """

    code: PromoCode | None
    contracts: tuple[Contract, ...]
    is_referred: bool
    groups: tuple[DiscountGroup | None, ...]


def gathered_evidence(repositories: Repositories, code: str, customer: str | None, groups: tuple[str, str]) -> Evidence:
    """Return what :meth:`CodeRepository.evidence` returns, gathered from four repositories one after another.

    For a store that cannot look it all up at once.
    """
    referrer_group, referee_group = groups
    return Evidence(
        repositories.promo_codes.find(code),
        () if customer is None else repositories.contracts.of_customer(customer),
        customer is not None and repositories.referrals.live_of(customer) is not None,
        (repositories.groups.find(referrer_group), repositories.groups.find(referee_group)),
    )


class CodeRepository(Protocol):
    """Where codes are kept, each state with the moment it was recorded, and every passing-on of a code (T2).

    The store itself guards that no text is held twice (C1) and no codes overlap (C6).

    Texts are canonical. Safe to call from many threads at once; of two racing writers one is refused by the reason
    the rule has.
    """

    def find(self, text: str) -> PromoCode | None:
        """Return the code with this canonical text, whoever holds or held it."""
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

        Codes come in the order they were added, their states in theirs. Nothing takes a state back or changes one, but
        the words of ``ending_reason`` may have been erased from it since (A5). ``recorded_at`` is the ``at`` of the act
        that stored it and never goes back: what arrives late is recorded at the moment of the last record on the same
        account. ``revision`` counts the states of one code from 1. Moments are to the microsecond.
        """
        ...

    def evidence(self, code: str, customer: str | None, groups: tuple[str, str]) -> Evidence:
        """Look up the code with a canonical text, a customer's standing, and two groups, all of it in one go.

        A check is what happens most (P4, S5). Without a ``customer`` there are no contracts and no referral. It is what
        :func:`gathered_evidence` gathers from the repositories of the same store.
        """
        ...

    def taken(self, texts: Collection[str]) -> frozenset[str]:
        """Return which of these canonical texts some account holds or held (C1)."""
        ...

    def codeless(self, after: str, limit: int, *, at: datetime) -> CodelessPage:
        """Look at the next ``limit`` accounts whose id is above ``after``, by the code points of the id.

        Returned are those that never held a code and on which a contract is in force: open, and activated at or
        before ``at``. In a transaction their contracts stay as they are until it ends, and a second run waits for it.
        """
        ...

    def add_first(self, codes: Sequence[PromoCode], notes: Sequence[TraceNote], *, at: datetime) -> None:
        """Store the first codes of accounts, recorded at ``at``, and add the notes to the trace: all of it or nothing.

        What it stores is found and guarded like any other (C2).

        :raises ConcurrentChange: a text was taken, or an account came to hold another code; nothing was stored. Ask
            again for what is codeless.
        """
        ...

    def add_sharing(self, sharing: Sharing) -> None:
        """Store that a code was passed on once, and by what means."""
        ...

    def times_shared(self, account: str, *, by: datetime | None = None) -> int:
        """Return how often codes of this account were shared, at or before ``by`` where that is given."""
        ...
