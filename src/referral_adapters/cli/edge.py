"""The edge of every command: what ends it early becomes a sentence on standard error and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import typer

from referral_adapters.cli.errors import CANNOT_OPEN, PIPE_CLOSED, CommandFailed, why
from referral_adapters.cli.printable import printable


@contextmanager
def command_edge() -> Iterator[None]:
    """Run a command's work inside; nobody is shown a traceback for what is no defect of the command."""
    try:
        yield
        sys.stdout.flush()
    except CommandFailed as failed:
        say(str(failed))
        raise typer.Exit(failed.status) from None
    except BrokenPipeError:
        give_up_output()
        raise typer.Exit(PIPE_CLOSED) from None
    except OSError as error:
        raise _cannot_write(error) from None


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


def _cannot_write(error: OSError) -> typer.Exit:
    say(f"The output cannot be written: {why(error)}.")
    give_up_output()
    return typer.Exit(CANNOT_OPEN)
