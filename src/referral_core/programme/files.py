"""All reading of files that the core does: its own data, and a programme at a path. Nothing else in it does I/O."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

DATA: Final = "referral_core.programme"


@cache
def shipped(name: str) -> str:
    """Return the text of a data file that comes with this package."""
    return files(DATA).joinpath(name).read_text(encoding="utf-8")


@cache
def shipped_languages() -> frozenset[str]:
    """Return the languages that there are messages in: one for each file of ``languages``."""
    names = (entry.name for entry in files(DATA).joinpath("languages").iterdir())
    return frozenset(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def content_of(path: str | Path) -> str:
    """Return the text of the file at ``path``; a byte-order mark, as some editors leave it, is no part of it.

    :raises OSError: the file cannot be read.
    :raises UnicodeDecodeError: the file is not UTF-8.
    """
    return Path(path).read_text(encoding="utf-8-sig")
