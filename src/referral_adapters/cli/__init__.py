"""The command ``referral``: terminals, progress and tables; no rules."""

from __future__ import annotations

import os
import sys

_NEEDED = frozenset({"typer", "rich"})
"""What the extra brings."""


def main() -> None:
    """Run the command on the arguments of this process; what it needs is imported only now."""
    _make_standard_streams()
    try:
        from referral_adapters.cli.command import app  # noqa: PLC0415 - importing this package must cost nothing

        app(prog_name="referral")
    except ImportError as missing:
        name = (missing.name or "").partition(".")[0]
        if name not in _NEEDED:
            raise
        sys.exit(f"The command needs {name}: install referral-core with its extra 'cli'.")


def _make_standard_streams() -> None:
    """Give a process that was started with its output closed somewhere to write, and never fail over a character."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end
        elif hasattr(stream, "reconfigure"):
            # An id may hold a character that the encoding of the terminal lacks.
            stream.reconfigure(errors="backslashreplace")
