"""The command as a process of its own: at a terminal, in a pipe, interrupted, with its output gone."""

from __future__ import annotations

import errno
import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import IO, Any, Final, TypeAlias

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals and signals of POSIX")
if sys.platform != "win32":
    import fcntl
    import struct
    import termios

Stream: TypeAlias = int | IO[Any]
ROOT: Final = Path(__file__).parents[3]
FEED: Final = ROOT / "examples" / "a123" / "feed.jsonl"
EDGES: Final = ROOT / "examples" / "a123" / "edges.jsonl"
ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PATIENCE: Final = 60
"""Seconds after which a process that should have ended is a failure; none of the tests waits for them to pass."""
COMMAND: Final = """
import fcntl, os, signal, sys, termios
if sys.argv.pop(1) == "terminal":
    os.setsid()
    fcntl.ioctl(1, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the tests were started by
from referral_adapters.cli import main
main()
"""


def environment(**more: str) -> dict[str, str]:
    """Return what the process finds in its environment."""
    other = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONUNBUFFERED"}
    kept = {name: value for name, value in os.environ.items() if name not in other}
    return {**kept, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1", "TERM": "xterm", **more}


def run(*args: str | Path, stdout: Stream = PIPE) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, its output in pipes."""
    with started(*args, stdout=stdout) as process:
        out, err = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess([], process.returncode, out, err)


@contextmanager
def started(
    *args: str | Path,
    terminal: bool = False,
    stdin: Stream = DEVNULL,
    stdout: Stream = PIPE,
    stderr: Stream = PIPE,
    unbuffered: bool = False,
) -> Iterator[subprocess.Popen[str]]:
    """Start the command; it is gone at the end, however the test went."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "terminal" if terminal else "pipes", *map(str, args)],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=environment(PYTHONUNBUFFERED="1") if unbuffered else environment(),
        encoding="utf-8",
    )
    watch = threading.Timer(PATIENCE, process.kill)  # so that whoever waits for it comes to an end
    watch.start()
    try:
        yield process
    finally:
        watch.cancel()
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def pipe(stream: IO[str] | None) -> IO[str]:
    """Return a stream that is there, since it was asked for."""
    assert stream is not None
    return stream


class Pseudoterminal:
    """A terminal of some columns that a process writes to, and what it showed."""

    def __init__(self, columns: int = 80) -> None:
        self.ours, self.theirs = os.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.raw = ""

    def read_until(self, text: str) -> None:
        """Read on until ``text`` was shown."""
        while text not in self.raw:
            self.raw += self._read()

    def read_to_end(self) -> None:
        """Read what there is until the process has let go of it."""
        os.close(self.theirs)
        with suppress(OSError):  # how Linux says that nobody is left at the other end
            while more := self._read():
                self.raw += more
        os.close(self.ours)

    def _read(self) -> str:
        readable, _, _ = select.select([self.ours], [], [], PATIENCE)
        assert readable, f"nothing more was shown after {self.raw!r}"
        return os.read(self.ours, 65536).decode(errors="replace")

    @property
    def lines(self) -> list[str]:
        """The lines without colours."""
        return [line.rstrip() for line in ANSI.sub("", self.raw).splitlines()]


def at_terminal(columns: int, *args: str | Path) -> tuple[int, Pseudoterminal]:
    """Run the command at a terminal and return its exit status and what was shown."""
    terminal = Pseudoterminal(columns)
    with started(*args, terminal=True, stdout=terminal.theirs, stderr=terminal.theirs) as process:
        terminal.read_to_end()
        return process.wait(PATIENCE), terminal


@pytest.fixture
def slow_feed(tmp_path: Path) -> Path:
    """Return a feed that comes as slowly as the test writes it."""
    path = tmp_path / "slow"
    os.mkfifo(path)
    return path


@contextmanager
def feeding(process: subprocess.Popen[str], path: Path) -> Iterator[IO[str]]:
    """Open the other end of the feed that a process reads; it need not have come to that yet."""
    end: int | None = None
    while end is None:
        assert process.poll() is None, "the process has ended without reading"
        try:
            end = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as nobody_reads:
            if nobody_reads.errno != errno.ENXIO:
                raise
            time.sleep(0.01)
    os.set_blocking(end, True)
    with os.fdopen(end, "w", encoding="utf-8") as feed:
        yield feed


def ten_lines() -> str:
    """Return the first ten lines of the example: the first grants are due after the tenth."""
    return "".join(FEED.read_text(encoding="utf-8").splitlines(keepends=True)[:10])


class TestAtATerminal:
    @pytest.mark.parametrize("columns", [80, 120])
    def test_a_person_sees_results_and_balances(self, columns: int) -> None:
        status, terminal = at_terminal(columns, "replay", FEED)
        assert status == 0
        assert terminal.lines[0].split()[:3] == ["line", "id", "outcome"]
        assert [line.split()[0] for line in terminal.lines if " done " in line] == [str(n) for n in range(1, 19)]
        assert any(line.split()[:2] == ["A", "customer-A"] and "50.00" in line for line in terminal.lines)
        assert terminal.lines[-2:] == ["liability: 0.00 EUR locked, 83.00 EUR granted and unused", "lines: 18 done"]
        assert all(len(line) <= columns for line in terminal.lines)
        assert "\x1b[32m" in terminal.raw

    def test_results_in_a_file_leave_the_balances(self, tmp_path: Path) -> None:
        status, terminal = at_terminal(80, "replay", FEED, "--results", tmp_path / "results.jsonl")
        assert status == 0
        assert terminal.lines[0].startswith("account")
        assert (tmp_path / "results.jsonl").read_text(encoding="utf-8").count("\n") == 18

    def test_a_decision_in_words(self) -> None:
        status, terminal = at_terminal(80, "check", "A123", "--feed", FEED, "--language", "et")
        assert (status, terminal.lines[0]) == (0, "A123 can be used, judged at 2021-05-01")
        status, terminal = at_terminal(80, "check", "A123", "--feed", FEED, "--json")
        assert json.loads(terminal.lines[0])["usable"] is True

    def test_progress_is_shown_on_standard_error_and_results_in_the_pipe(self, slow_feed: Path) -> None:
        terminal = Pseudoterminal()
        with started("replay", slow_feed, terminal=False, stderr=terminal.theirs) as process:
            with feeding(process, slow_feed) as feed:
                feed.write(ten_lines())
                feed.flush()
                terminal.read_until("lines, ")
            out = pipe(process.stdout).read()
            terminal.read_to_end()
            assert process.wait(PATIENCE) == 0
        assert out.count("\n") == 10
        assert any("slow" in line and "lines, " in line for line in terminal.lines)
        assert terminal.raw.rstrip().endswith("\x1b[2K")  # and gone at the end

    def test_ctrl_c(self, slow_feed: Path, tmp_path: Path) -> None:
        terminal, summary = Pseudoterminal(), tmp_path / "summary.json"
        args = ("replay", slow_feed, "--summary", summary)
        with (
            started(*args, terminal=True, stdout=terminal.theirs, stderr=terminal.theirs) as process,
            feeding(process, slow_feed) as feed,
        ):
            feed.write(ten_lines())
            feed.flush()
            terminal.read_until("B-activated")
            os.write(terminal.ours, b"\x03")
            terminal.read_to_end()
            assert process.wait(PATIENCE) == 130
        assert "Interrupted after line 10; the rest of the feed was not run." in terminal.lines
        assert terminal.lines[-1] == "lines: 10 done"
        assert terminal.raw.count("\x1b[?25l") <= terminal.raw.count("\x1b[?25h")  # the cursor is back
        assert json.loads(summary.read_text(encoding="utf-8"))["accounts"]["B"]["granted"] == "7.00"


class TestStopped:
    @pytest.mark.parametrize(
        ("number", "status", "said"), [(signal.SIGINT, 130, "Interrupted"), (signal.SIGTERM, 143, "Terminated")]
    )
    def test_what_was_done_is_told(
        self, number: signal.Signals, status: int, said: str, slow_feed: Path, tmp_path: Path
    ) -> None:
        summary = tmp_path / "summary.json"
        with (
            started("replay", slow_feed, "--summary", summary) as process,
            feeding(process, slow_feed) as feed,
        ):
            feed.write(ten_lines())
            feed.flush()
            results = [json.loads(pipe(process.stdout).readline()) for _ in range(10)]
            process.send_signal(number)
            out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out) == (status, "")
        assert err == f"{said} after line 10; the rest of the feed was not run.\n"
        assert [result["outcome"] for result in results] == ["done"] * 10
        accounts = json.loads(summary.read_text(encoding="utf-8"))["accounts"]
        assert (accounts["A"]["granted"], accounts["B"]["granted"]) == ("10.00", "7.00")

    def test_a_question_is_not_answered(self, slow_feed: Path) -> None:
        with started("check", "A123", "--feed", slow_feed) as process, feeding(process, slow_feed):
            # The feed can be opened for writing once the process reads it; then it listens before long.
            while process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(0.2)
                except subprocess.TimeoutExpired:
                    continue
            assert process.returncode in {130, -signal.SIGINT}
            assert pipe(process.stdout).read() == ""

    def test_the_second_time_it_ends_at_once_and_leaves_nothing_behind(self, tmp_path: Path) -> None:
        """The process is stuck, since nobody takes its results; the first signal cannot end it."""
        feed, stuck, summary = tmp_path / "feed", tmp_path / "stuck", tmp_path / "summary.json"
        feed.write_text("no event\n" * 10_000, encoding="utf-8")
        os.mkfifo(stuck)
        summary.write_text("as before", encoding="utf-8")
        with started("replay", feed, "--results", stuck, "--summary", summary) as process:
            reading = os.open(stuck, os.O_RDONLY | os.O_NONBLOCK)
            wait_until_full(reading, process)
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 143
            os.close(reading)
        assert summary.read_text(encoding="utf-8") == "as before"
        assert {path.name for path in tmp_path.iterdir()} == {"feed", "stuck", "summary.json"}

    @pytest.mark.parametrize("unbuffered", [False, True])
    def test_the_second_time_it_ends_at_once_though_its_output_is_stuck(self, unbuffered: bool, tmp_path: Path) -> None:
        feed = tmp_path / "feed"
        feed.write_text("no event\n" * 10_000, encoding="utf-8")
        with started("replay", feed, unbuffered=unbuffered) as process:
            wait_until_full(pipe(process.stdout).fileno(), process)
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 143


def wait_until_full(reading: int, process: subprocess.Popen[str]) -> None:
    """Wait until a pipe holds as much as it can, so that the process that writes to it is stuck."""
    before, held = -1, 0
    while held < 4096 or held != before:
        assert process.poll() is None, "the process has ended without being stuck"
        time.sleep(0.05)
        before, held = held, int.from_bytes(fcntl.ioctl(reading, termios.FIONREAD, b"\0" * 4), sys.byteorder)


class TestPipes:
    def test_results_come_as_the_feed_does(self, slow_feed: Path) -> None:
        with started("replay", slow_feed) as process, feeding(process, slow_feed) as feed:
            for line in ten_lines().splitlines(keepends=True):
                feed.write(line)
                feed.flush()
                assert json.loads(pipe(process.stdout).readline())["outcome"] == "done"

    @pytest.mark.parametrize("args", [("replay", EDGES), ("summary", "--feed", EDGES)], ids=["replay", "summary"])
    def test_a_reader_who_has_enough_ends_it_quietly(self, args: tuple[str | Path, ...]) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        result = run(*args, stdout=writing)
        os.close(writing)
        assert (result.returncode, result.stderr) == (141, "")

    def test_the_summary_is_written_all_the_same(self, tmp_path: Path) -> None:
        summary = tmp_path / "summary.json"
        reading, writing = os.pipe()
        os.close(reading)
        result = run("replay", FEED, "--summary", summary, stdout=writing)
        os.close(writing)
        assert (result.returncode, result.stderr) == (141, "")
        assert json.loads(summary.read_text(encoding="utf-8"))["lines"]["done"] > 0

    @pytest.mark.parametrize("option", [(), ("--balances",)], ids=["results", "balances"])
    def test_a_full_disk_is_said(self, option: tuple[str, ...]) -> None:
        if not Path("/dev/full").exists():
            pytest.skip("this system has no /dev/full")
        with Path("/dev/full").open("w", encoding="utf-8") as full:
            result = run("replay", FEED, *option, stdout=full)
        assert result.returncode == 2
        assert result.stderr.endswith("cannot be written: No space left on device.\n")
        assert result.stderr.count("\n") == 1

    @pytest.mark.parametrize("unbuffered", [False, True])
    def test_standard_input_and_output(self, unbuffered: bool) -> None:
        with FEED.open("rb") as feed, started("replay", "-", stdin=feed, unbuffered=unbuffered) as process:
            out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out.count("\n"), err) == (0, 18, "")

    def test_standard_streams_may_be_closed(self) -> None:
        script = f"exec {sys.executable} -m referral_adapters.cli replay {{}} --balances <&- >&- 2>&-"
        for feed, status in ((FEED, 0), ("-", 2)):
            ended = subprocess.run(["sh", "-c", script.format(feed)], env=environment(), check=False, timeout=PATIENCE)
            assert ended.returncode == status

    def test_output_that_is_no_utf_8(self) -> None:
        script = [sys.executable, "-m", "referral_adapters.cli", "replay", str(FEED), "--balances"]
        ascii_only = environment(PYTHONUTF8="0", PYTHONIOENCODING="ascii", LC_ALL="C")
        ended = subprocess.run(script, env=ascii_only, capture_output=True, check=False, timeout=PATIENCE)
        assert ended.returncode == 0
        assert ended.stdout.decode("ascii").splitlines()[1].strip("-") == ""


class TestStarting:
    def test_help_does_not_wait_for_what_it_does_not_need(self) -> None:
        script = "import sys; from referral_adapters.cli import main; sys.argv[1:] = ['--help']\n"
        script += "try: main()\nexcept SystemExit: print(*sys.modules, file=sys.stderr)"
        ended = subprocess.run(
            [sys.executable, "-c", script], env=environment(), capture_output=True, check=True, encoding="utf-8"
        )
        imported = set(ended.stderr.split())
        assert "referral_adapters.cli.command" in imported
        assert {"rich", "rich.console", "attrs", "dateutil", "referral_core", "anyascii"} & imported == set()

    @pytest.mark.parametrize("missing", ["typer", "rich"])
    def test_without_the_extra_it_says_which_one_to_install(self, missing: str) -> None:
        script = f"import sys; sys.modules[{missing!r}] = None; sys.argv[1:] = ['replay', {str(FEED)!r}]\n"
        script += "from referral_adapters.cli import main; main()"
        ended = subprocess.run(
            [sys.executable, "-c", script], env=environment(), capture_output=True, check=False, encoding="utf-8"
        )
        assert ended.stderr == f"The command needs {missing}: install referral-core with its extra 'cli'.\n"
        assert ended.returncode == 1
