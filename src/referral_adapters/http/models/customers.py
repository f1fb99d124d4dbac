"""What is answered about customers."""

from __future__ import annotations

from referral_adapters.http.models.answer import Answer


class ErasedAnswer(Answer):
    """A customer whose personal references are gone: the pseudonym in their place, and how many of what had them."""

    pseudonym: str
    accounts: int
    contracts: int
    traced: int
