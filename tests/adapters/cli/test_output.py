"""Screens, and standard output as a stream of bytes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from referral_adapters.cli.check_command import show_decision
from referral_adapters.cli.output import Screen, standard_output
from referral_adapters.cli.programme_command import show_settings
from referral_adapters.cli.text import printable
from referral_core.programme.programme import Programme
from referral_core.rules.decision import Decision
from referral_core.values.errors import Reason
from tests.adapters.cli.terminal import Terminal
from tests.phrases import at


class TestScreens:
    def test_a_decision_stands_in_its_lines(self, terminal: Terminal) -> None:
        moment = at("2021-03-01 12:00")
        decision = Decision("A123", moment, moment, (Reason.EXISTING_CUSTOMER, Reason.SELF_REFERRAL), None, None)
        show_decision(decision, "en", Screen(terminal))
        assert terminal.shown[0].startswith("A123 cannot be used, judged at 2021-03-01 ")
        assert all(line.startswith("  ") for line in terminal.shown[1:])
        assert terminal.getvalue().startswith("\x1b[1;31m")

    def test_settings_fit_a_terminal(self, terminal: Terminal) -> None:
        show_settings(Programme.default(), Screen(terminal))
        assert max(map(len, terminal.shown)) <= 80

    def test_a_closed_pipe_is_not_a_screen_s_to_judge(self) -> None:
        class Closed(io.StringIO):
            def write(self, text: str) -> int:
                raise BrokenPipeError

        with pytest.raises(BrokenPipeError):
            Screen(Closed()).print("lost")

    def test_printable_text_is_left_alone(self) -> None:
        assert printable("Õnne tänav 5") == "Õnne tänav 5"
        assert printable("a\nb\u2028") == r"a\nb\u2028"


def test_standard_output_is_buffered_even_where_python_s_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unbuffered(io.StringIO):
        buffer = (tmp_path / "output").open("wb", buffering=0)

    monkeypatch.setattr("sys.stdout", Unbuffered())
    with standard_output() as output:
        output.write(b"some")
        assert not (tmp_path / "output").read_bytes()
    assert (tmp_path / "output").read_bytes() == b"some"
    Unbuffered.buffer.close()
