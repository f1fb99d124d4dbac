"""The command in this process: put together once, which takes longer than most of what it is asked to do."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner, Result

from referral_adapters.cli.command import app


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
