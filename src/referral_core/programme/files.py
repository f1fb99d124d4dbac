"""All reading of files that the core does: its own data, and a programme at a path. Nothing else in it does I/O.

What reading needs is imported when something is first read, so that importing the core stays quick.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

FilePath: TypeAlias = "str | Path"
"""Where a file is."""

DATA: Final = "referral_core.programme"


@cache
def shipped(name: str) -> Mapping[str, object]:
    """Return the content of a TOML file that comes with this package."""
    import tomllib
    from importlib.resources import files

    return tomllib.loads(files(DATA).joinpath(name).read_text(encoding="utf-8"))


@cache
def shipped_languages() -> frozenset[str]:
    """Return the languages that there are messages in: one for each file of ``languages``."""
    from importlib.resources import files

    names = (entry.name for entry in files(DATA).joinpath("languages").iterdir())
    return frozenset(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def content_of(path: FilePath) -> str:
    """Return the text of the file at ``path``; a byte-order mark, as some editors leave it, is no part of it.

    :raises OSError: the file cannot be read.
    :raises UnicodeDecodeError: the file is not UTF-8.
    """
    from pathlib import Path

    return Path(path).read_text(encoding="utf-8-sig")
