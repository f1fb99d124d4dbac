"""The programme a command works by."""

from __future__ import annotations

from pathlib import Path

from referral_adapters.cli.errors import CommandFailed, why
from referral_core.programme.programme import Programme
from referral_core.programme.toml_file import read_programme
from referral_core.values.errors import ProgrammeInvalid


def open_programme(path: Path | None) -> Programme:
    """Return the programme in the file at ``path``, or the household programme when there is none.

    :raises CommandFailed: the file cannot be read, or has faults, each of which is said on a line of its own.
    """
    if path is None:
        return Programme.default()
    try:
        return programme_in(path)
    except ProgrammeInvalid as invalid:
        raise CommandFailed(
            "\n".join([f"The programme {path} has faults:", *(f"  {fault}" for fault in invalid.faults)])
        ) from None


def programme_in(path: Path) -> Programme:
    """Return the programme in the file at ``path``.

    :raises CommandFailed: the file cannot be read.
    :raises ProgrammeInvalid: it has faults.
    """
    try:
        return read_programme(path)
    except OSError as error:
        raise CommandFailed(f"The programme {path} cannot be opened: {why(error)}.") from None
