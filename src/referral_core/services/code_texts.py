"""The texts of codes, drawn in the programme's format (C1, C10)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final

from referral_core.entities.contract import Contract
from referral_core.ports.codes import CodelessAccount
from referral_core.programme.programme import Programme
from referral_core.programme.settings import CodeFormat
from referral_core.values.errors import CodeSpaceExhausted

if TYPE_CHECKING:
    from referral_core.formats.named_codes import NamedCodes
    from referral_core.formats.offensive_words import OffensiveWords
    from referral_core.formats.random_codes import RandomCodes
    from referral_core.ports.store import Repositories


ATTEMPTS: Final = 64
"""The most taken texts in a row: while less than half are issued, chance alone takes so many once in 2**64."""


class CodeTexts:
    """The source of free texts for new codes: texts that no account ever held.

    The formats are imported with the first text, because most programs issue no codes.
    """

    def __init__(self, programme: Programme, ports: Repositories) -> None:
        self._programme = programme
        self._ports = ports

    def text_for(self, contracts: Sequence[Contract], at: datetime) -> str:
        """Return a free text for the account of these contracts: named if the programme says so, else random.

        :raises CodeSpaceExhausted: too many random texts in a row are taken.
        """
        if self._programme.code_format is CodeFormat.NAMED:
            for text in self._named(contracts, at):
                if self._is_free(text):
                    return text
        account = contracts[0].account
        # The place in the hash is the number of earlier codes, so that a repeated act finds the same texts.
        place = len(self._ports.promo_codes.of_account(account))
        return self._first_free(account, self._random_codes.candidates(account, place), ())

    def likely_text(self, account: str) -> str | None:
        """Return the most likely text for an account without codes; ``None`` where codes are named."""
        if self._programme.code_format is CodeFormat.NAMED:
            return None
        return self._random_codes.text(account, 0)

    def texts_for(self, accounts: Sequence[CodelessAccount], at: datetime) -> tuple[str, ...]:
        """Return a free text for each of these accounts, the same texts as one by one.

        :raises CodeSpaceExhausted: too many random texts in a row are taken.
        """
        texts = self._named_texts(accounts, at) if self._programme.code_format is CodeFormat.NAMED else {}
        self._add_random_texts(texts, [each.account for each in accounts if each.account not in texts])
        return tuple([texts[each.account] for each in accounts])

    def _add_random_texts(self, texts: dict[str, str], accounts: Sequence[str]) -> None:
        """Add the first random texts of accounts without codes; one query looks for all taken texts."""
        candidates = {account: self._random_codes.candidates(account, 0) for account in accounts}
        # Nearly every first candidate is free: one query for all of them replaces one for each account.
        first = {account: next(texts_of) for account, texts_of in candidates.items()}
        taken = set(self._ports.promo_codes.taken(list(first.values()))).union(texts.values())
        for account, text in first.items():
            texts[account] = text if text not in taken else self._first_free(account, candidates[account], taken)
            taken.add(texts[account])

    def _first_free(self, account: str, candidates: Iterator[str], taken: Collection[str]) -> str:
        for text in islice(candidates, ATTEMPTS):
            if text not in taken and self._is_free(text):
                return text
        raise CodeSpaceExhausted(f"{ATTEMPTS} texts in a row are taken, drawn for account {account}")

    def _named_texts(self, accounts: Sequence[CodelessAccount], at: datetime) -> dict[str, str]:
        """Return named texts by account, where there is a name.

        Two candidates of each account are looked up in one query, because most accounts find theirs among them.
        """
        year = self._programme.calendar.day_of(at).year
        candidates = {
            each.account: self._named_codes.candidates(each.first_name, year, account=each.account)
            for each in accounts
            if each.first_name
        }
        ahead = {account: list(islice(texts, 2)) for account, texts in candidates.items()}
        taken = set(self._ports.promo_codes.taken([text for texts in ahead.values() for text in texts]))
        found = {}
        for account, rest in candidates.items():
            near = next((text for text in ahead[account] if text not in taken), None)
            text = near or next((text for text in rest if text not in taken and self._is_free(text)), None)
            if text is not None:
                found[account] = text
                taken.add(text)
        return found

    def _is_free(self, text: str) -> bool:
        return self._ports.promo_codes.find(text) is None

    def _named(self, contracts: Sequence[Contract], at: datetime) -> Iterator[str]:
        names = [contract.first_name for contract in contracts if contract.first_name]
        if not names:
            return iter(())
        year = self._programme.calendar.day_of(at).year
        return self._named_codes.candidates(names[-1], year, account=contracts[0].account)

    @cached_property
    def _offensive(self) -> OffensiveWords:
        from referral_core.formats.offensive_words import OffensiveWords  # noqa: PLC0415

        return OffensiveWords(self._programme.offensive_words)

    @cached_property
    def _random_codes(self) -> RandomCodes:
        from referral_core.formats.random_codes import RandomCodes  # noqa: PLC0415

        return RandomCodes(self._ports.code_key, offensive=self._offensive)

    @cached_property
    def _named_codes(self) -> NamedCodes:
        from referral_core.formats.named_codes import NamedCodes  # noqa: PLC0415

        return NamedCodes(self._ports.code_key, self._ports.to_ascii, offensive=self._offensive)
