"""Words: the members of closed vocabularies, each the same text in feeds, tables and on screens."""

from __future__ import annotations

import enum


class Word(enum.StrEnum):
    """A member of a closed vocabulary; its repr is the expression that yields it."""

    def __repr__(self) -> str:
        """Write the member as code writes it, ``Role.SYSTEM``."""
        return f"{type(self).__name__}.{self.name}"
