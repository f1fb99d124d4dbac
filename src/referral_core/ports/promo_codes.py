"""The port to promo codes."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from referral_core.entities.promo_code import PromoCode


class PromoCodes(Protocol):
    """Where codes are kept, each state with the moment it was recorded.

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
