"""The only I/O of the core: reading its own data files, and a programme file at a path.

The modules for reading are imported when a file is first read, so that importing the core stays quick.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

FilePath: TypeAlias = "str | Path"
"""The path of a file."""

DATA: Final = "referral_core.programme"


@cache
def shipped(name: str) -> Mapping[str, object]:
    """Return the content of a TOML file in this package."""
    import tomllib
    from importlib.resources import files

    return tomllib.loads(files(DATA).joinpath(name).read_text(encoding="utf-8"))


@cache
def shipped_languages() -> frozenset[str]:
    """Return the languages with messages: one for each file in the folder ``languages``."""
    from importlib.resources import files

    names = (entry.name for entry in files(DATA).joinpath("languages").iterdir())
    return frozenset(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def content_of(path: FilePath) -> str:
    """Return the text of the file at ``path``, without the byte-order mark that some editors write.

    :raises OSError: the file cannot be read.
    :raises UnicodeDecodeError: the file is not UTF-8.
    """
    from pathlib import Path

    return Path(path).read_text(encoding="utf-8-sig")
