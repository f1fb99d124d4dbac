"""Faults: what is wrong with a programme, and where (P1)."""

from __future__ import annotations

import attrs


@attrs.frozen
class Fault:
    """One thing that is wrong; ``place`` is written as in ``referee_groups[2].group``, lists counted from 0."""

    place: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.place}: {self.wrong}"

    def is_within(self, place: str) -> bool:
        """Tell whether this fault is at ``place`` or somewhere below it."""
        return self.place == place or self.place.startswith((f"{place}.", f"{place}["))


class Unread(str):
    """Stands for a text that could not be read, so that the laws can still judge everything beside it.

    It is made of its place, so no two are equal. Laws take it for any word that they could have hoped for.
    """

    __slots__ = ()
