"""What every adapter of the port ``CodeSource`` must do."""

from __future__ import annotations

from typing import Final

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_core.ports.code_source import CodeSource

SHORTEST: Final = 16
"""How many bytes a secret has at least."""


class CodeSourceConformance:
    """Asks for a fixture ``code_source``: the port, new."""

    def test_the_secret_is_long_enough(self, code_source: CodeSource) -> None:
        """``secret`` returns at least 16 bytes (C10)."""
        secret = code_source.secret()
        assert isinstance(secret, bytes)
        assert len(secret) >= SHORTEST
        assert len(set(secret)) > 1, "one byte over and over is no secret"

    def test_the_secret_stays(self, code_source: CodeSource) -> None:
        """``secret`` is the same for the lifetime of the store, whatever numbers are used up."""
        secret = code_source.secret()
        code_source.numbers(3)
        assert code_source.secret() == secret

    def test_numbers_count_from_0(self, code_source: CodeSource) -> None:
        """``numbers`` hands out consecutive numbers, counted from 0, each once."""
        assert [code_source.numbers(count) for count in (1, 3, 1)] == [range(1), range(1, 4), range(4, 5)]

    def test_no_numbers_use_up_none(self, code_source: CodeSource) -> None:
        """Asking for none hands out none."""
        assert list(code_source.numbers(0)) == []
        assert code_source.numbers(1) == range(1)

    def test_racing_callers_never_share_a_number(self, code_source: CodeSource) -> None:
        """``numbers`` were never handed out before, to anybody."""
        race = Race(lambda number: [code_source.numbers(number + 1) for _ in range(CONTENDERS)])
        ranges = [each for handed_out in race.won for each in handed_out]
        numbers = [number for each in ranges for number in each]
        assert all(list(each) == list(range(each.start, each.start + len(each))) for each in ranges)
        assert len(numbers) == len(set(numbers)) == CONTENDERS * sum(range(1, CONTENDERS + 1))
