"""Drawing the texts of codes in the programme's format (C1, C10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

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
                if self._ports.promo_codes.find(text) is None:
                    return text
        while True:
            (number,) = self._ports.code_source.numbers(1)
            drawn = self._random_codes.text(number)
            if drawn is not None and self._ports.promo_codes.find(drawn) is None:
                return drawn

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
