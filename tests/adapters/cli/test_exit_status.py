"""Every end of a command is a sentence and a status; a signal lets the line in hand be finished."""

from __future__ import annotations

import io
import signal
from collections.abc import Callable, Iterator

import pytest
import typer

from referral_adapters.cli.exit_status import CommandFailed, StopSignals, run_to_exit


@pytest.mark.usefixtures("python_hears_signals")
class TestStopSignals:
    def test_lines_pass_when_nobody_asks(self) -> None:
        with StopSignals() as stop:
            assert list(stop.lines(iter([b"1", b"2"]))) == [b"1", b"2"]
            assert stop.caught is None

    def test_the_line_in_hand_is_finished(self) -> None:
        done = []
        with StopSignals() as stop:
            for line in stop.lines(iter([b"1", b"2", b"3"])):
                if line == b"2":
                    signal.raise_signal(signal.SIGTERM)
                done.append(line)
            assert stop.caught is signal.SIGTERM
        assert done == [b"1", b"2"]

    def test_waiting_for_a_line_is_broken_off(self) -> None:
        def source() -> Iterator[bytes]:
            yield b"1"
            signal.raise_signal(signal.SIGINT)
            yield b"never"

        with StopSignals() as stop:
            assert list(stop.lines(source())) == [b"1"]
            assert stop.caught is signal.SIGINT

    def test_after_the_last_line_there_is_nothing_to_stop(self) -> None:
        with StopSignals() as stop:
            assert list(stop.lines(iter([b"1"]))) == [b"1"]
            signal.raise_signal(signal.SIGINT)
            assert stop.caught is None

    @pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_the_second_one_ends_at_once(self, number: signal.Signals, status: int) -> None:
        with StopSignals():
            signal.raise_signal(signal.SIGINT)
            with pytest.raises(SystemExit) as ended:
                signal.raise_signal(number)
        assert ended.value.code == status

    def test_it_leaves_no_trace(self) -> None:
        with StopSignals():
            pass
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def test_what_was_ignored_stays_ignored(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with StopSignals() as stop:
            signal.raise_signal(signal.SIGINT)
            assert list(stop.lines(iter([b"1"]))) == [b"1"]


class TestRunToExit:
    def exits(self, work: Callable[[], int]) -> int:
        with pytest.raises(typer.Exit) as ended:
            run_to_exit(work)
        return ended.value.exit_code

    def failing(self, error: BaseException) -> Callable[[], int]:
        def work() -> int:
            raise error

        return work

    @pytest.mark.parametrize(
        ("error", "status", "said"),
        [
            (CommandFailed("It failed: \x1b.\nTwice."), 2, "It failed: \\x1b.\nTwice.\n"),
            (CommandFailed("Stopped.", 130), 130, "Stopped.\n"),
            (BrokenPipeError(), 141, ""),
            (OSError(28, "No space left on device"), 2, "The output cannot be written: No space left on device.\n"),
            (OSError("no number"), 2, "The output cannot be written: no number.\n"),
        ],
    )
    def test_errors_become_a_sentence_and_a_status(
        self, error: Exception, status: int, said: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.exits(self.failing(error)) == status
        assert capsys.readouterr() == ("", said)

    def test_ending_at_once_does_not_wait_for_the_output(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdout", io.StringIO())
        with pytest.raises(SystemExit) as ended:
            run_to_exit(self.failing(SystemExit(130)))
        assert ended.value.code == 130

    def test_a_defect_is_not_hidden(self) -> None:
        with pytest.raises(ZeroDivisionError):
            run_to_exit(self.failing(ZeroDivisionError()))

    def test_output_that_fails_only_at_the_end(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        class Full(io.StringIO):
            def flush(self) -> None:
                raise OSError(28, "No space left on device")

        monkeypatch.setattr("sys.stdout", Full())
        assert self.exits(lambda: 0) == 2
        assert capsys.readouterr().err == "The output cannot be written: No space left on device.\n"
        assert self.exits(lambda: 2) == 2  # it was said before
        assert capsys.readouterr().err == ""
