"""What ends a command before its work is done.

::

    CommandFailed          the command cannot go on
    └── FeedBroken         the rest of the feed cannot be run; what was run so far counts
"""

from __future__ import annotations

from typing import Final

CANNOT_OPEN: Final = 2
"""The exit status when the feed, the programme, the database or a file to write could not be opened."""
PIPE_CLOSED: Final = 141
"""The exit status when whoever read the output has gone, as a shell reports it of any program."""


class CommandFailed(Exception):
    """The command cannot go on; its text is said on standard error as it is, and ``status`` is the exit status."""

    def __init__(self, sentence: str, status: int = CANNOT_OPEN) -> None:
        super().__init__(sentence)
        self.status = status


class FeedBroken(CommandFailed):
    """The rest of the feed cannot be run; what was run so far counts."""


def why(error: OSError) -> str:
    """Return what the system says is wrong, without the number and the path."""
    return error.strerror or str(error)
