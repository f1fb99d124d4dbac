"""The command in this process: put together once, which takes longer than most of what it is asked to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

from typer.main import get_command
from typer.testing import CliRunner, Result

from referral_adapters.cli.command import app

EXAMPLES: Final = Path(__file__).parents[3] / "examples" / "a123"
FEED: Final = EXAMPLES / "feed.jsonl"
EDGES: Final = EXAMPLES / "edges.jsonl"
LINES: Final = FEED.read_text(encoding="utf-8").splitlines(keepends=True)


def invoke(arguments: Iterable[object], *, input: str | bytes | None = None) -> Result:  # noqa: A002 - as typer says it
    """Run the command with its standard streams caught; whatever else than an end it comes to is raised."""
    runner, ended, status = CliRunner(), None, 0
    with runner.isolation(input=input) as (out, err, both):
        try:
            _command().main(args=[str(argument) for argument in arguments], prog_name="referral")
        except SystemExit as told:
            ended, status = told, told.code if isinstance(told.code, int) else int(told.code is not None)
        sys.stdout.flush()
        sys.stderr.flush()
        return Result(runner, out.getvalue(), err.getvalue(), both.getvalue(), None, status, ended)


@cache
def _command() -> Any:  # noqa: ANN401 - typer has no name for it
    return get_command(app)


def run(*args: str | Path, feed: str | bytes = b"") -> Result:
    """Run the command with standard input that holds ``feed``; nothing is a terminal."""
    return invoke(args, input=feed)


def printed(result: Result) -> list[dict[str, Any]]:
    """Return the JSON objects on the lines of standard output."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def read(path: Path) -> dict[str, Any]:
    """Return what a JSON file holds."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def said(result: Result, status: int) -> str:
    """Return the sentence of a command that ended with a status."""
    assert (result.exit_code, result.stdout) == (status, "")
    assert "Traceback" not in result.stderr
    (sentence,) = result.stderr.splitlines()
    assert sentence.endswith(".")
    return sentence


def only_printed(result: Result) -> list[dict[str, Any]]:
    """Return the JSON objects on the lines of standard output, where nothing was said on standard error."""
    assert result.stderr == ""
    return printed(result)
