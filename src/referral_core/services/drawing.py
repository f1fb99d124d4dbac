"""Drawing the texts of codes in the programme's format (C1, C10)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from referral_core.entities.codeless_account import CodelessAccount
from referral_core.entities.contract import Contract
from referral_core.programme.code_format import CodeFormat
from referral_core.programme.programme import Programme

if TYPE_CHECKING:
    from referral_core.formats.named_codes import NamedCodes
    from referral_core.formats.offensive_words import OffensiveWords
    from referral_core.formats.random_codes import RandomCodes
    from referral_core.ports.ports import Ports


class Drawing:
    """Draws texts that no account ever held.

    The formats are imported where a text is first drawn: most programs only look at codes.
    """

    def __init__(self, programme: Programme, ports: Ports) -> None:
        self._programme = programme
        self._ports = ports

    def text_for(self, contracts: Sequence[Contract], at: datetime) -> str:
        """Return a free text for the account of these contracts: of a name if the programme wants it, else random.

        :raises CodeSpaceExhausted: more than half of the possible random codes are given out.
        """
        if self._programme.code_format is CodeFormat.NAMED:
            for text in self._named(contracts, at):
                if self._is_free(text):
                    return text
        while True:
            (number,) = self._ports.code_source.numbers(1)
            drawn = self._random_codes.text(number)
            if drawn is not None and self._is_free(drawn):
                return drawn

    def texts_for(self, accounts: Sequence[CodelessAccount], at: datetime) -> tuple[str, ...]:
        """Return a free text for each of these accounts, the ones that they would get one after another.

        :raises CodeSpaceExhausted: more than half of the possible random codes are given out.
        """
        texts = self._named_texts(accounts, at) if self._programme.code_format is CodeFormat.NAMED else {}
        rest = [each.account for each in accounts if each.account not in texts]
        texts.update(zip(rest, self._random_texts(len(rest), texts.values()), strict=True))
        return tuple([texts[each.account] for each in accounts])

    def _random_texts(self, count: int, used: Collection[str]) -> list[str]:
        """Draw as many numbers as there are texts to be found, then as many as are still missing, and so on.

        So the last number that is drawn gives the last text: none is left over, however many are drawn at a time.
        """
        found: list[str] = []
        while len(found) < count:
            numbers = self._ports.code_source.numbers(count - len(found))
            drawn = [text for _, text in self._random_codes.texts(numbers)]
            taken = self._ports.launch_codes.taken(drawn).union(used)
            found += [text for text in drawn if text not in taken]
        return found

    def _named_texts(self, accounts: Sequence[CodelessAccount], at: datetime) -> dict[str, str]:
        """Return texts made of names, by account, where one can be made; most find theirs among the first two."""
        year = self._programme.calendar.day_of(at).year
        candidates = {
            each.account: self._named_codes.candidates(each.first_name, year, account=each.account)
            for each in accounts
            if each.first_name
        }
        ahead = {account: list(islice(texts, 2)) for account, texts in candidates.items()}
        taken = set(self._ports.launch_codes.taken([text for texts in ahead.values() for text in texts]))
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

        return RandomCodes(self._ports.code_source.secret(), offensive=self._offensive)

    @cached_property
    def _named_codes(self) -> NamedCodes:
        from referral_core.formats.named_codes import NamedCodes  # noqa: PLC0415

        return NamedCodes(self._ports.code_source.secret(), self._ports.folding.to_ascii, offensive=self._offensive)
