"""Words: members of the closed vocabularies, each the same text in feeds, tables and on screens."""

from __future__ import annotations

import enum


class Word(enum.StrEnum):
    """A text out of a closed set; its repr is how code writes it."""

    def __repr__(self) -> str:
        """Write the member as code writes it, ``Role.SYSTEM``."""
        return f"{type(self).__name__}.{self.name}"
