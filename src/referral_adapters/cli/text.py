"""Text for people: what a terminal may show, and what is said on standard error."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import typer


def say(*sentences: str) -> None:
    """Say something on standard error, each sentence on lines of its own."""
    with suppress(OSError):  # where nobody can be told, the exit status has to do
        for line in "\n".join(sentences).splitlines():
            typer.echo(printable(line), err=True)


def printable(text: str) -> str:
    """Return ``text`` with escapes in the place of characters that could steer a terminal.

    >>> printable("red: \\x1b[31m")
    'red: \\\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def quantity(count: int, noun: str) -> str:
    """Return a count with its noun, in the singular or the plural.

    >>> quantity(1, "row"), quantity(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def discard_output() -> None:
    """Send what is still to be flushed to nowhere, so that Python ends without a complaint about it."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
