"""Every console block in the pages about the command shows what really happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby, repeat
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT
from typing import Final

import attrs
import pytest

from tests.adapters.cli.ready_command import ready_command
from tests.adapters.cli.test_process import ROOT, Pseudoterminal, environment

PAGES: Final = (
    "docs/how-to/replay-a-feed.md",
    "docs/how-to/audit-the-trace.md",
    "docs/how-to/erase-a-customer.md",
    "docs/how-to/launch-day.md",
    "docs/how-to/pay-what-is-due.md",
    "docs/how-to/run-a-programme.md",
    "docs/reference/command.md",
)
BLOCK: Final = re.compile(r"(?P<mark><!--- at a terminal -->\n)?```console\n(?P<text>.*?)```", re.DOTALL)
MARK: Final = "--- end of the output of one command ---"
PROMPT: Final = re.compile(r"^\$ ", re.MULTILINE)
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")


@attrs.frozen
class Shown:
    """A command that a page shows, the output it shows, and whether that is the one of a terminal."""

    command: str
    output: str
    at_terminal: bool


def shown_on(page: str) -> list[Shown]:
    """Return all commands of a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Shown(command, output, found["mark"] is not None)
        for found in BLOCK.finditer(text)
        for command, _, output in (part.partition("\n") for part in PROMPT.split(found["text"])[1:])
    ]


def in_pipes(commands: list[str], folder: Path) -> list[str]:
    """Run commands in one shell, where each sees the files and the exit status of those before; return the outputs."""
    script = "\n".join(f"{{ {command}\n}}; status=$?; echo {MARK}; (exit $status)" for command in commands)
    ended = subprocess.run(
        ["sh", "-c", script], cwd=folder, env=with_command(folder), check=False, stdout=PIPE, stderr=STDOUT
    )
    return ended.stdout.decode().split(f"{MARK}\n")


def at_terminal(command: str, folder: Path) -> str:
    """Run a command with its output at a terminal of 80 columns and return what is shown."""
    shown = Pseudoterminal(80)
    with subprocess.Popen(
        ["sh", "-c", command], cwd=folder, env=with_command(folder), stdout=shown.theirs, stderr=DEVNULL
    ):
        shown.read_to_end()
    return "".join(f"{line}\n" for line in shown.lines)


def outputs_of(shown: list[Shown], folder: Path) -> Iterator[str]:
    """Yield what commands really print, each after all that stand before it."""
    for is_at_terminal, examples in groupby(shown, lambda example: example.at_terminal):
        commands = [example.command for example in examples]
        yield from map(at_terminal, commands, repeat(folder)) if is_at_terminal else in_pipes(commands, folder)[:-1]


def with_command(folder: Path) -> dict[str, str]:
    """Return an environment in which the command is found."""
    return environment(PATH=f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="module")
def referral() -> Iterator[str]:
    """Yield the text of a script that is the command."""
    with ready_command(environment()) as script:
        yield script


@pytest.fixture
def folder(tmp_path: Path, referral: str) -> Path:
    """Return a folder with the examples and the command."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    command = tmp_path / "bin" / "referral"
    command.parent.mkdir()
    command.write_text(referral, encoding="utf-8")
    command.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_what_happens(page: str, folder: Path) -> None:
    shown = shown_on(page)
    assert [(example.command, output) for example, output in zip(shown, outputs_of(shown, folder), strict=True)] == [
        (example.command, example.output) for example in shown
    ]
