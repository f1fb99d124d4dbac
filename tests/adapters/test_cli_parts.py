"""The parts of the command, each on its own: files, signals, endings, tables on a terminal of a given width."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import runpy
import signal
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any, Final

import pytest
import typer

from referral_adapters.cli import check_command, main, replay_command
from referral_adapters.cli import progress as progress_module
from referral_adapters.cli.atomic_file import AtomicFile
from referral_adapters.cli.balances_table import BalancesTable
from referral_adapters.cli.decision_text import show_decision
from referral_adapters.cli.edge import run_to_exit
from referral_adapters.cli.errors import CommandFailed, FeedBroken
from referral_adapters.cli.feed_source import FeedSource
from referral_adapters.cli.printable import printable
from referral_adapters.cli.progress import NoProgress, ProgressBar, progress_of
from referral_adapters.cli.quiet_replay import QuietReplay
from referral_adapters.cli.replaying import Ending, Replay
from referral_adapters.cli.result_lines import FiledResults, NoResults, PipedResults, Results
from referral_adapters.cli.result_table import ALL_ROWS, MOST_ROWS, ResultTable
from referral_adapters.cli.screen import Screen
from referral_adapters.cli.settings_table import show_settings
from referral_adapters.cli.standard_output import standard_output
from referral_adapters.cli.stop_signals import StopSignals
from referral_adapters.cli.store import secret_of
from referral_adapters.feed import FeedRunner
from referral_adapters.memory import MemoryStore
from referral_core.programme.programme import Programme
from referral_core.rules.decision import Decision
from referral_core.values.errors import CodeSpaceExhausted, Reason
from tests.phrases import at

FEED: Final = Path(__file__).parent.parent.parent / "examples" / "a123" / "feed.jsonl"
ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(io.StringIO):
    """A terminal that remembers what it was sent."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True

    @property
    def shown(self) -> list[str]:
        """The lines as a person sees them, without colours."""
        return [line.rstrip() for line in ANSI.sub("", self.getvalue()).splitlines()]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Return a terminal of 80 columns."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_INTERACTIVE", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    return Terminal()


@pytest.fixture
def python_hears_signals() -> Iterator[None]:
    """Have SIGINT and SIGTERM heard as in a process at a terminal, whatever started the tests."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def a_result(line: int = 1, outcome: str = "done", *reasons: str, message: str = "It is so.") -> dict[str, Any]:
    """Return the result of a line."""
    return {"line": line, "id": f"event-{line}", "outcome": outcome, "reasons": [*reasons], "message": message}


def a_runner() -> FeedRunner:
    """Return a runner over a new store."""
    programme = Programme.default()
    return FeedRunner(programme, MemoryStore(programme))


class TestAtomicFile:
    def test_it_appears_when_it_is_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        with AtomicFile(path, "It") as file:
            file.write(b"all of it")
            assert not path.exists()
            file.commit()
        assert path.read_bytes() == b"all of it"
        assert list(tmp_path.iterdir()) == [path]

    def test_what_stood_there_stays_when_it_is_not(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"before")
        with AtomicFile(path, "It") as file:
            file.write(b"half of")
        assert path.read_bytes() == b"before"
        assert list(tmp_path.iterdir()) == [path]

    def test_permissions_stay(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"before")
        path.chmod(0o640)
        with AtomicFile(path, "It") as file:
            file.commit()
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "file")
        with AtomicFile(tmp_path / "link", "It") as file:
            file.commit()
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "file").exists()

    def test_a_device_is_written_to_and_never_replaced(self) -> None:
        with AtomicFile(Path(os.devnull), "It") as file:
            file.write(b"away")
            file.commit()
        assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)

    def test_a_pipe_under_the_name_of_its_descriptor(self) -> None:
        reading, writing = os.pipe()
        with AtomicFile(Path(f"/dev/fd/{writing}"), "It") as file:
            file.write(b"through")
            file.commit()
        os.close(writing)
        assert os.read(reading, 100) == b"through"
        os.close(reading)

    def test_a_full_disk(self) -> None:
        full = Path("/dev/full")
        if not full.exists():
            pytest.skip("this system has no /dev/full")
        with AtomicFile(full, "It") as file:
            file.write(b"little")
            with pytest.raises(CommandFailed, match="It cannot be written to /dev/full: No space left on device"):
                file.commit()
            with pytest.raises(CommandFailed, match="No space left"):
                file.write(b"much" * 100_000)

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(CommandFailed, match="Is a directory"):
            AtomicFile(tmp_path, "It")

    def test_a_file_that_is_not_to_be_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"before")
        monkeypatch.setattr(os, "access", lambda *_: False)  # whoever runs the tests may be allowed everything
        with pytest.raises(CommandFailed, match="Permission denied"):
            AtomicFile(path, "It")


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


class Full(NoResults):
    """Results on a disk that is full, or in a pipe that is closed."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def take(self, result: dict[str, Any]) -> None:
        """Fail."""
        raise self.error


@pytest.mark.usefixtures("python_hears_signals")
class TestReplay:
    def replayed(
        self, lines: Iterator[bytes], results: Results | None = None, runner: FeedRunner | None = None
    ) -> Ending:
        with StopSignals() as stop:
            return Replay(runner or a_runner(), results or NoResults(), NoProgress()).run(lines, stop)

    def feed(self) -> list[bytes]:
        return FEED.read_bytes().splitlines(keepends=True)

    def test_to_the_end(self) -> None:
        ending = self.replayed(iter([*self.feed(), b"\n", b"no event"]))
        assert ending == Ending(last_line=20, faulty=1, waiting=0)
        assert (ending.status, ending.sentences()) == (1, [])

    def test_interrupted_it_keeps_whole_lines_their_results_and_their_grants(self, tmp_path: Path) -> None:
        def lines() -> Iterator[bytes]:
            yield from self.feed()[:10]
            signal.raise_signal(signal.SIGINT)
            yield b"never"

        runner, path = a_runner(), tmp_path / "results"
        with AtomicFile(path, "It") as file:
            ending = self.replayed(lines(), FiledResults(file), runner)
        assert ending.status == 130
        assert ending.sentences() == ["Interrupted after line 10; the rest of the feed was not run."]
        assert path.read_bytes().count(b"\n") == 10
        assert runner.summary()["accounts"]["B"]["unused"] == "7.00"

    def test_terminated(self) -> None:
        ending = Ending(last_line=3, faulty=1, waiting=0, caught=signal.SIGTERM)
        assert (ending.status, ending.sentences()[0][:26]) == (143, "Terminated after line 3; t")

    def test_a_feed_that_breaks_keeps_its_results(self) -> None:
        def lines() -> Iterator[bytes]:
            yield self.feed()[0]
            raise FeedBroken("The disk is gone.")

        stream = io.BytesIO()
        ending = self.replayed(lines(), PipedResults(stream, live=False))
        assert (ending.status, ending.sentences()) == (2, ["The disk is gone."])
        assert stream.getvalue().count(b"\n") == 1

    def test_results_that_cannot_be_written(self) -> None:
        ending = self.replayed(iter(self.feed()), Full(CommandFailed("The disk is full.")))
        assert (ending.status, ending.last_line, ending.sentences()) == (2, 1, ["The disk is full."])

    def test_results_that_nobody_reads(self) -> None:
        ending = self.replayed(iter(self.feed()), Full(BrokenPipeError()))
        assert (ending.status, ending.last_line, ending.sentences()) == (141, 1, [])

    def test_an_error_that_is_no_refusal_ends_the_feed(self) -> None:
        class Exhausted(FeedRunner):
            def page(self, page: Iterable[tuple[int, str | bytes]]) -> Iterator[dict[str, Any]]:
                raise CodeSpaceExhausted("there are too few codes left")

        programme = Programme.default()
        ending = self.replayed(iter(self.feed()), runner=Exhausted(programme, MemoryStore(programme)))
        assert (ending.status, ending.last_line) == (2, 0)
        assert ending.sentences() == ["Line 1 is undone and the feed ends there: there are too few codes left."]

    def test_billing_that_does_not_answer_is_mentioned(self) -> None:
        (sentence,) = Ending(last_line=3, faulty=0, waiting=2).sentences()
        assert sentence == "Billing gave no answer about 2 grants; the next run asks again."


class TestPipedResults:
    class Slow(io.BytesIO):
        """Counts how often it is flushed."""

        flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    @pytest.mark.parametrize(("live", "flushed"), [(True, 3), (False, 1)])
    def test_they_are_handed_on_at_once_where_the_feed_comes_slowly(self, live: bool, flushed: int) -> None:
        stream = self.Slow()
        results = PipedResults(stream, live=live)
        results.take(a_result(1))
        results.take(a_result(2))
        results.close()
        assert stream.flushed == flushed

    def test_a_full_disk_and_a_closed_pipe(self) -> None:
        class Broken(io.BytesIO):
            error = OSError(28, "No space left on device")

            def flush(self) -> None:
                raise self.error

        results = PipedResults(Broken(), live=True)
        with pytest.raises(CommandFailed, match="The results cannot be written: No space left on device"):
            results.take(a_result())
        with pytest.raises(CommandFailed):
            results.close()
        Broken.error = BrokenPipeError()
        with pytest.raises(BrokenPipeError):
            results.take(a_result())


class TestResultTable:
    def shown(self, terminal: Terminal, *results: dict[str, Any]) -> list[str]:
        table = ResultTable(Screen(terminal), NoProgress())
        for result in results:
            table.take(result)
        table.close()
        return terminal.shown

    def test_a_narrow_terminal_has_reasons_before_the_message(self, terminal: Terminal) -> None:
        shown = self.shown(terminal, a_result(), a_result(2, "refused", "code-ended", "no-amount"))
        assert shown == [
            "  line  id                outcome   message",
            "     1  event-1           done      It is so.",
            "     2  event-2           refused   code-ended, no-amount",
            "                                    It is so.",
            "",
        ]

    def test_a_wide_one_has_a_column_for_them(self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "120")
        shown = self.shown(terminal, a_result(2, "refused", "code-ended", "no-amount"))
        assert shown == [
            "  line  id                outcome   reasons                message",
            "     2  event-2           refused   code-ended             It is so.",
            "                                    no-amount",
            "",
        ]

    def test_outcomes_are_coloured(self, terminal: Terminal) -> None:
        self.shown(terminal, a_result(), a_result(2, "refused", "code-ended"))
        assert "\x1b[32mdone" in terminal.getvalue()
        assert "\x1b[31mrefused" in terminal.getvalue()

    def test_rows_stand_below_each_other_however_long_anything_is(self, terminal: Terminal) -> None:
        long = {**a_result(12_345_678, message="word " * 30), "id": "x" * 300}
        shown = self.shown(terminal, long, a_result())
        assert all(len(line) <= 80 for line in shown)
        assert "12345678" in shown[1]
        assert "xxx…" in shown[1]

    def test_nothing_in_a_feed_can_steer_the_terminal(self, terminal: Terminal) -> None:
        self.shown(terminal, {**a_result(message="\x1b[2J and \u202e [red]"), "id": "\x07\ud800"})
        assert "\x1b[2J" not in terminal.getvalue()
        assert r"\x07\ud800" in terminal.getvalue()
        assert r"\x1b[2J and \u202e [red]" in " ".join(terminal.shown)

    def test_a_line_without_an_id(self, terminal: Terminal) -> None:
        assert self.shown(terminal, {**a_result(outcome="invalid"), "id": None})[1].split()[:3] == ["1", "–", "invalid"]

    def test_of_many_lines_only_the_first_and_the_faulty_ones_are_shown(self, terminal: Terminal) -> None:
        results = [a_result(line, "refused" if line % 2 else "done") for line in range(1, 1001)]
        shown = self.shown(terminal, *results)
        rows = [line for line in shown if "event-" in line]
        assert len(rows) == MOST_ROWS
        assert [line.split()[0] for line in rows[ALL_ROWS : ALL_ROWS + 2]] == ["51", "53"]
        assert shown[ALL_ROWS + 1] == "… from here on only what is warned, refused or invalid"
        assert shown[-2:] == [f"… {1000 - MOST_ROWS} more; --results FILE keeps them all", ""]

    def test_an_empty_feed_shows_nothing(self, terminal: Terminal) -> None:
        assert self.shown(terminal) == []


class TestBalancesTable:
    def summary(self, **accounts: dict[str, Any]) -> dict[str, Any]:
        lines = {"done": 1234, "warned": 0, "repeated": 0, "refused": 1, "invalid": 0}
        return {"accounts": accounts, "liability": {"locked": "1.00", "granted_unused": "2.00"}, "lines": lines}

    def account(self, **amounts: str) -> dict[str, Any]:
        names = ("granted", "transferred_in", "transferred_out", "consumed", "unused", "pending")
        code = {"text": "A123", "status": "active"}
        return {"customer": "somebody-with-a-long-id", "code": code, **dict.fromkeys(names, "0.00"), **amounts}

    def test_it_fits_80_columns_and_says_what_there_is_in_all(self, terminal: Terminal) -> None:
        BalancesTable(Screen(terminal), "EUR").show(self.summary(A={**self.account(unused="7.00"), "code": None}))
        assert terminal.shown == [
            "account  code  status  granted  consumed  unused  pending",
            "─" * 57,
            "A        –     –          0.00      0.00    7.00     0.00",
            "",
            "liability: 1.00 EUR locked, 2.00 EUR granted and unused",
            "lines: 1,234 done, 1 refused",
        ]

    def test_a_long_account_is_cut_and_amounts_never(self, terminal: Terminal) -> None:
        account = self.account(transferred_out="123456789.00", unused="999999999999.99")
        BalancesTable(Screen(terminal), "EUR").show(self.summary(**{"account-" * 9: account}))
        row = next(line for line in terminal.shown if "…" in line)
        assert row.split()[0].endswith("…")
        assert row.split()[4:7] == ["-123456789.00", "0.00", "999999999999.99"]

    def test_a_glimpse_of_many(self, terminal: Terminal) -> None:
        accounts = {f"A{number}": self.account() for number in range(7)}
        BalancesTable(Screen(terminal), "EUR", most=5).show(self.summary(**accounts))
        assert [line.split()[0] for line in terminal.shown[2:7]] == ["A0", "A1", "A2", "A3", "A4"]
        assert terminal.shown[7] == "… 2 more accounts; --balances shows all"

    def test_more_than_a_page_stands_in_one_table(self) -> None:
        stream = io.StringIO()
        accounts = {f"A{number}": self.account() for number in range(1001)}
        BalancesTable(Screen(stream), "EUR").show(self.summary(**accounts))
        lines = stream.getvalue().splitlines()
        assert len([line for line in lines if line.startswith("account")]) == 1
        assert len([line for line in lines if line.startswith("A")]) == 1001

    def test_no_accounts(self, terminal: Terminal) -> None:
        BalancesTable(Screen(terminal), "EUR").show(self.summary())
        assert terminal.shown[0].startswith("liability")


class TestScreens:
    def test_a_decision_stands_in_its_lines(self, terminal: Terminal) -> None:
        moment = at("2021-03-01 12:00")
        decision = Decision("A123", moment, moment, (Reason.EXISTING_CUSTOMER, Reason.SELF_REFERRAL), None, None)
        show_decision(decision, "en", Screen(terminal))
        assert terminal.shown[0].startswith("A123 cannot be used, judged at 2021-03-01T")
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


class TestProgress:
    @pytest.fixture(autouse=True)
    def impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(progress_module, "_PATIENCE", -1)
        monkeypatch.setattr(progress_module, "_PAUSE", -1)

    def test_a_bar_says_bytes_lines_and_their_rate(self, terminal: Terminal) -> None:
        with FeedSource(str(FEED)) as feed:
            bar = ProgressBar(Screen(terminal), feed)
            for line in feed.lines():
                bar.advance(len(line))
            bar.close()
        last = [line for line in re.split(r"[\r\n]", ANSI.sub("", terminal.getvalue())) if line][-1]
        assert re.fullmatch(r"feed\.jsonl ━+[━╸]? [\d.]+/[\d.]+ kB 18 lines, [\d,]+/s \S+ *", last)
        assert len(last) <= 80

    def test_it_makes_room_and_comes_back(self, terminal: Terminal) -> None:
        with FeedSource(str(FEED)) as feed:
            bar = ProgressBar(Screen(terminal), feed)
            bar.advance(1)
            with bar.hidden():
                gone = terminal.getvalue()
                assert gone.endswith("\x1b[2K")  # the line is wiped
            assert terminal.getvalue() == gone
            bar.advance(1)
            assert "feed.jsonl" in terminal.getvalue()[len(gone) :]
            bar.close()

    def test_a_feed_without_a_length_has_a_spinner(self, terminal: Terminal) -> None:
        reading, writing = os.pipe()
        with FeedSource(f"/dev/fd/{reading}") as feed:
            bar = ProgressBar(Screen(terminal), feed)
            os.write(writing, b"line\n")
            os.close(writing)
            for line in feed.lines():
                bar.advance(len(line))
            bar.close()
        os.close(reading)
        assert "4 bytes 1 lines" in ANSI.sub("", terminal.getvalue())

    def test_a_long_name_is_cut(self, tmp_path: Path, terminal: Terminal) -> None:
        path = tmp_path / ("long" * 20)
        path.touch()
        with FeedSource(str(path)) as feed:
            bar = ProgressBar(Screen(terminal), feed)
            bar.advance(0)
            bar.close()
        assert "longlonglonglon… " in ANSI.sub("", terminal.getvalue())

    def test_there_is_none_where_nobody_looks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stderr", io.StringIO())
        with FeedSource(str(FEED)) as feed, progress_of(feed) as progress:
            assert isinstance(progress, NoProgress)

    def test_there_is_one_where_somebody_does(self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stderr", terminal)
        with FeedSource(str(FEED)) as feed, progress_of(feed) as progress:
            assert isinstance(progress, ProgressBar)


class TestAtATerminal:
    """What the commands choose to show a person; the processes' own tests look at a real terminal."""

    def test_a_replay_shows_results_and_balances(self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdout", terminal)
        options: dict[str, Any] = dict.fromkeys(("db", "programme", "results", "summary", "code_key"))
        assert replay_command.replay(str(FEED), **options, strict=False, balances=False, as_json=False) == 0
        assert terminal.shown[0].split() == ["line", "id", "outcome", "message"]
        assert terminal.shown[-1] == "lines: 18 done"

    @pytest.mark.parametrize(("as_json", "begin"), [(False, "A123 can be used"), (True, '{"code":"A123"')])
    def test_a_decision_is_told_in_words_unless_json_is_wanted(
        self, as_json: bool, begin: str, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Both(Terminal):
            buffer = io.BytesIO()

        monkeypatch.setattr("sys.stdout", both := Both())
        asked = check_command.Asked(code="A123", customer=None, channel="self-service", product=None, segment=None)
        options: dict[str, Any] = dict.fromkeys(("db", "programme", "code_key", "at"))
        assert check_command.check(asked, feed=str(FEED), **options, language="en", as_json=as_json) == 0
        assert (both.buffer.getvalue().decode() + "".join(both.shown)).startswith(begin)


class TestFeedSource:
    def test_standard_input_that_is_closed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdin", None)
        with pytest.raises(CommandFailed, match="The feed from standard input cannot be opened: it is closed"):
            FeedSource("-")

    def test_a_feed_that_breaks_off(self) -> None:
        broken = Path("/proc/self/mem")
        if not broken.exists():
            pytest.skip("this system has no file that can be opened and not read")
        with pytest.raises(CommandFailed, match="mem cannot be read to its end: Input/output error") as failed:
            QuietReplay(str(broken)).run(a_runner())
        assert failed.value.status == 2


class TestEdge:
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


class TestMain:
    def main(self, monkeypatch: pytest.MonkeyPatch, *args: str) -> object:
        monkeypatch.setattr("sys.argv", ["referral", *args])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module("referral_adapters.cli", run_name="__main__", alter_sys=True)
        return ended.value.code

    def test_the_module_is_the_command(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.main(monkeypatch, "--version") == 0
        assert capsys.readouterr().out.startswith("referral")

    def test_from_sources_that_are_not_installed(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def unknown(name: str) -> str:
            raise PackageNotFoundError(name)

        monkeypatch.setattr("importlib.metadata.version", unknown)
        assert self.main(monkeypatch, "--version") == 0
        assert capsys.readouterr().out == "referral, not installed\n"

    def test_what_is_missing_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "typer", None)
        monkeypatch.delitem(sys.modules, "referral_adapters.cli.command", raising=False)
        assert self.main(monkeypatch, "replay", str(FEED)) == (
            "The command needs typer: install referral-core with its extra 'cli'."
        )

    def test_another_missing_module_is_a_defect(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "referral_adapters.cli.replay_command", None)
        monkeypatch.delattr("referral_adapters.cli.replay_command")
        monkeypatch.setattr("sys.argv", ["referral", "replay", str(FEED)])
        with pytest.raises(ImportError, match="replay_command"):
            main()

    def test_streams_that_are_closed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdout", None)
        assert self.main(monkeypatch, "--version") == 0
        sys.stdout.close()


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


def test_a_code_key_is_one_secret_for_ever() -> None:
    assert secret_of("Õnn") == hashlib.sha256(b"referral-core code key\0" + "Õnn".encode()).digest()


def test_results_are_json_that_anybody_reads() -> None:
    stream = io.BytesIO()
    PipedResults(stream, live=False).take({"line": 1, "id": "Õ", "message": "ж"})
    assert stream.getvalue() == '{"line":1,"id":"Õ","message":"ж"}\n'.encode()
    assert json.loads(stream.getvalue())["id"] == "Õ"
