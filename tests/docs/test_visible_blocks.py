"""Every page can be followed by what a reader sees: its visible blocks, copied in order into one folder, all work.

A block in a comment is not seen, so a hidden set-up is missing here as it is for a reader. Shell blocks (``sh``, and
the lines after ``$`` of ``console``) run in one shell, Python blocks in one namespace. Blocks of other languages are
only to be read: ``text``, ``json``, ``toml``, ``sql``.

The environment that the tests run in takes the part of the one that a page has the reader make.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from tests.adapters.cli.ready_command import ready_command

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUN: Final = ("console", "python", "sh")
READ: Final = ("json", "sql", "text", "toml")
EXTRAS: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
BLOCK: Final = re.compile(r"^```(?P<language>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT: Final = re.compile(r"<!--(?P<said>.*?)-->", re.DOTALL)
AT_A_TERMINAL: Final = re.compile(r"<!--- at a terminal -->\n(?=```console\n)")
"""Not a set-up: what follows is shown as a terminal has it, which the tests of the command hold against it."""
ENVIRONMENT: Final = re.compile(
    r"python3 -m venv \.venv|"
    r"\.venv/bin/python -m pip install --quiet --constraint constraints\.txt --editable '\.\[(?P<extras>[a-z,]+)\]'"
)
"""What makes an environment, as every page has to write it."""
ALL_TESTS: Final = ".venv/bin/python -m pytest --numprocesses auto"
SERVERS: Final = re.compile(r"uvicorn |(\.venv/bin/)?python -m examples\.portal|referral webhooks run ")
"""What goes on until it is interrupted: the test does that."""
MARK: Final = "--- the end of one command ---"
PATIENCE: Final = 60.0
FLAGS: Final = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")


# ── what a reader sees ────────────────────────────────────────────────────────────────────────────────────────────────


@attrs.frozen
class Block:
    """A visible block of a page."""

    language: str
    text: str
    line: int
    is_at_terminal: bool

    def commands(self) -> Iterator[tuple[str, str | None]]:
        """Yield the commands of a block of shell, each with the output that the page shows; ``None`` is any output."""
        if self.language == "sh":
            yield self.text, None
            return
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, None if self.is_at_terminal else output


def visible_blocks(text: str) -> list[Block]:
    """Return the blocks of a page that a reader sees, in order."""
    marked = {found.end() for found in AT_A_TERMINAL.finditer(text)}
    hidden = [found.span() for found in COMMENT.finditer(text) if not in_a_block(text, found.start())]
    return [
        Block(found["language"], found["text"], text.count("\n", 0, found.start()) + 1, found.start() in marked)
        for found in BLOCK.finditer(text)
        if not any(start <= found.start() < end for start, end in hidden)
    ]


def in_a_block(text: str, place: int) -> bool:
    """Tell whether a place lies within a block, where an arrow is an arrow and no comment."""
    return len(re.findall(r"^```", text[:place], re.MULTILINE)) % 2 == 1


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


TO_FOLLOW: Final = [page for page in PAGES if any(block.language in RUN for block in visible_blocks(text_of(page)))]


# ── doing what it says ────────────────────────────────────────────────────────────────────────────────────────────────


class Shell:
    """One shell in a folder, in which each command finds what those before it left."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["sh"], cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", start_new_session=True,
        )  # fmt: skip

    def run(self, command: str) -> tuple[str, int]:
        """Run a command and return its output and exit status."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # the status is left for a page that goes on with `echo $?`
        said = f'{{ {command}\n}} </dev/null; status=$?; echo "{MARK}$status"; (exit $status)\n'
        self._process.stdin.write(said)
        self._process.stdin.flush()
        output = ""
        for line in self._process.stdout:
            output += line
            if MARK in line:
                before, _, status = output.partition(MARK)
                return before, int(status)
        raise AssertionError(f"the shell ended: {output}")

    def close(self) -> None:
        """End the shell and whatever it has started."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()


def without_environment(script: str) -> str:
    """Return a script without the lines that make an environment, which is there, and without the whole of the tests.

    Whatever else a page installs, in whichever words, is left in.
    """
    steps = [step for line in script.splitlines() for step in line.split(" && ")]
    for step in steps:
        made = ENVIRONMENT.fullmatch(step)
        if made is not None and made["extras"]:
            assert set(made["extras"].split(",")) <= EXTRAS.keys(), step
    if not any(ENVIRONMENT.fullmatch(step) for step in steps):
        return script
    return "\n".join(step for step in steps if not ENVIRONMENT.fullmatch(step) and step != ALL_TESTS)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def serve(command: str, folder: Path, env: dict[str, str]) -> None:
    """Start what goes on until it is interrupted, wait until it is at work, and interrupt it.

    What listens does so on a free port; what does not is at work when it has not ended after a second.
    """
    words, port = shlex.split(command), free_port()
    listens = words[0] != "referral"
    words += ["--port", str(port)] if listens else []
    path = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{env['PATH']}"  # the command itself, which can be interrupted
    with (folder / "server.log").open("w+b") as log:
        running = subprocess.Popen(
            words, cwd=folder, env={**env, "PATH": path}, stdout=log, stderr=subprocess.STDOUT,
            executable=None if "/" not in words[0] else str(folder / words[0]), start_new_session=True,
        )  # fmt: skip
        try:
            if listens:
                wait_for(port, running)
            else:
                time.sleep(1)
            assert running.poll() is None, (folder / "server.log").read_text()
            running.send_signal(signal.SIGINT)
            running.wait(PATIENCE)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()
    assert "Traceback" not in (folder / "server.log").read_text()


def wait_for(port: int, running: subprocess.Popen[bytes]) -> None:
    """Wait until somebody listens on a port, or the process has ended."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and running.poll() is None:
        with closing(socket.socket()) as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)


@attrs.define
class Reader:
    """Somebody who copies block after block."""

    folder: Path
    env: dict[str, str]
    shell: Shell
    namespace: dict[str, Any] = attrs.Factory(lambda: {"__name__": "page"})
    runner: doctest.DocTestRunner = attrs.Factory(lambda: doctest.DocTestRunner(verbose=False, optionflags=FLAGS))

    def copies(self, block: Block) -> None:
        """Do what a block says.

        :raises AssertionError: it does not do what the page says.
        """
        if block.language == "python":
            self._python(block)
        elif block.language in RUN:
            for command, shown in block.commands():
                self._shell(command, shown)

    def _shell(self, command: str, shown: str | None) -> None:
        command = without_environment(command).strip("\n")
        assert not re.search(r"\bpip3? install\b", command), f"no test installs anything: {command}"
        if SERVERS.match(command):
            serve(command, self.folder, self.env)
            return
        output, status = self.shell.run(command or ":")
        assert shown is None or output == shown, f"$ {command}\n{output}"
        assert status == 0 or shown or shown is None, f"$ {command}\n{output}exit status {status}"

    def _python(self, block: Block) -> None:
        if not block.text.startswith(">>>"):
            exec(compile(block.text, f"line {block.line}", "exec"), self.namespace)
            return
        examples = doctest.DocTestParser().get_doctest(block.text, {}, "page", None, block.line)
        examples.globs = self.namespace  # not a copy: functions see what later blocks define
        told: list[str] = []
        assert self.runner.run(examples, out=told.append, clear_globs=False).failed == 0, "".join(told)


@pytest.fixture(scope="module")
def referral() -> Iterator[str]:
    """Yield the text of a script that is the command."""
    with ready_command({**os.environ, "PYTHONUTF8": "1"}) as script:
        yield script


@pytest.fixture
def reader(tmp_path: Path, referral: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Yield a reader in a folder that looks like a clone in which the environment was made."""
    for name in ("constraints.txt", "docs", "examples", "pyproject.toml", "src"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    command = tmp_path / "bin" / "referral"
    command.parent.mkdir()
    command.write_text(referral, encoding="utf-8")
    command.chmod(0o755)
    path = os.pathsep.join([str(command.parent), str(Path(sys.prefix) / "bin"), os.environ["PATH"]])
    python = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)
    env = {**os.environ, "PATH": path, "PYTHONPATH": python, "PYTHONUTF8": "1", "NO_COLOR": "1"}
    monkeypatch.chdir(tmp_path)
    shell = Shell(tmp_path, env)
    try:
        yield Reader(tmp_path, env, shell)
    finally:
        shell.close()


@pytest.mark.parametrize("page", TO_FOLLOW, ids=name_of)
def test_whoever_copies_the_visible_blocks_gets_what_the_page_shows(page: Path, reader: Reader) -> None:
    for block in visible_blocks(text_of(page)):
        try:
            reader.copies(block)
        except Exception as error:
            raise AssertionError(f"{name_of(page)}:{block.line}: {error}") from error


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_says_whether_it_is_to_be_run(page: Path) -> None:
    """What cannot be run, or only by somebody with more than a clone, has a language that says so."""
    written = {block.language for block in visible_blocks(text_of(page)) if not block.language.startswith("{")}
    assert written <= {*RUN, *READ}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_hides_a_block(page: Path) -> None:
    text = text_of(page)
    hidden = [found["said"] for found in COMMENT.finditer(text) if not in_a_block(text, found.start())]
    assert [said for said in hidden if re.match(r"-? *(invisible|skip)", said) or "```" in said] == []


def test_all_how_tos_are_followed() -> None:
    guides = {page for page in PAGES if page.parent.name in {"how-to", "tutorial"}}
    assert guides <= set(TO_FOLLOW)


class TestTheReader:
    """What the pages are followed with would notice a page that cannot be followed."""

    PAGE: Final = "<!--- invisible-code-block: python\nanswer = 42\n-->\n\n```python\n>>> answer\n42\n\n```\n"

    def test_does_not_see_what_is_hidden(self, reader: Reader) -> None:
        (seen,) = visible_blocks(self.PAGE)
        with pytest.raises(AssertionError, match="name 'answer' is not defined"):
            reader.copies(seen)

    def test_sees_every_kind_of_block(self) -> None:
        page = "```sh\na\n```\n<!--\n```sh\nb\n```\n-->\n<!--- at a terminal -->\n```console\n$ c -->\nd\n```\n"
        assert [(*block.commands(),) for block in visible_blocks(page)] == [(("a\n", None),), (("c -->", None),)]

    @pytest.mark.parametrize(
        ("command", "shown"), [("false", ""), ("cat no-such-file", ""), ("echo yes", "no\n"), ("pip install x", "")]
    )
    def test_notices_a_command_that_does_something_else(self, reader: Reader, command: str, shown: str) -> None:
        text = f"$ {command}\n{shown}"
        with pytest.raises(AssertionError):
            reader.copies(Block("console", text, 1, is_at_terminal=False))

    def test_takes_an_environment_that_is_there(self) -> None:
        pip = ".venv/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[sql]'"
        assert without_environment(f"python3 -m venv .venv && {pip} && echo") == "echo"
        assert without_environment("pip install 'referral-core[sql]'") == "pip install 'referral-core[sql]'"
        with pytest.raises(AssertionError):
            without_environment(pip.replace("sql", "sqk"))

    def test_notices_a_server_that_does_not_stay(self, reader: Reader) -> None:
        with pytest.raises(AssertionError):
            reader.copies(Block("sh", "uvicorn nothing:app\n", 1, is_at_terminal=False))
