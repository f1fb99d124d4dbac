"""The edge of every command: what ends it early becomes a sentence on standard error and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

import typer

from referral_adapters.cli.errors import CANNOT_OPEN, PIPE_CLOSED, CommandFailed, why
from referral_adapters.cli.printable import printable


def run_to_exit(work: Callable[[], int]) -> NoReturn:
    """Do a command's work and exit with the status it returns.

    Nobody is shown a traceback for what is no defect of the command.
    """
    status = 0
    try:
        status = work()
        sys.stdout.flush()
    except CommandFailed as failed:
        say(str(failed))
        status = failed.status
    except BrokenPipeError:
        status = PIPE_CLOSED
    except OSError as error:
        if status != CANNOT_OPEN:  # else it was said already
            say(f"The output cannot be written: {why(error)}.")
        status = CANNOT_OPEN
    except SystemExit:  # a second Ctrl-C, maybe because the output is stuck
        give_up_output()
        raise
    _leave_output()
    raise typer.Exit(status)


def say(*sentences: str) -> None:
    """Say something on standard error, each sentence on lines of its own."""
    with suppress(OSError):  # if nobody can be told, the exit status has to do
        for line in "\n".join(sentences).splitlines():
            typer.echo(printable(line), err=True)


def give_up_output() -> None:
    """Send what is still to be flushed nowhere, so that the end of the process is quiet."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _leave_output() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        give_up_output()
